"""A foreign peer on grpcio's C-core, for the interop tests. Speaks bytes: no generated code, no protoc.

`peer.py server` prints its port and one JSON line per event; it ends when its standard input does.
`peer.py client PORT` calls our server and prints one JSON line per scenario.
"""
import json
import sys
import threading
from concurrent import futures

import grpc

SERVICE = "interop.v1.Peer"
lock = threading.Lock()


def say(**fields):
    with lock:
        print(json.dumps(fields), flush=True)


def metadata_of(pairs):
    return sorted([key, value.hex() if isinstance(value, bytes) else value] for key, value in pairs or ())


def interesting(pairs):
    return [pair for pair in metadata_of(pairs) if pair[0].startswith("x-")]


# --- server -----------------------------------------------------------------------------------------------------------


def unary(request, context):
    sent = [(key, value) for key, value in context.invocation_metadata() if key.startswith("x-")]
    context.send_initial_metadata(tuple(sent))
    context.set_trailing_metadata((("x-trailer", "t"), ("x-trailer-bin", b"\x00\xff")))
    return b"echo:" + request


def fail(request, context):
    context.set_trailing_metadata((("grpc-status-details-bin", request),))
    context.abort(grpc.StatusCode.NOT_FOUND, "n\u00f6t found, 100 % sure\nsecond line")


def pushback(request, context):
    context.set_trailing_metadata((("grpc-retry-pushback-ms", "1500"),))
    context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "later")


def remaining(request, context):
    left = context.time_remaining()
    # Without a deadline grpcio 1.51 answers with the end of time.
    return b"none" if left is None or left > 1e9 else str(int(left * 1000)).encode()


def big(request, context):
    context.set_compression(grpc.Compression.Gzip)
    return b"g" * int(request)


def server_stream(request, context):
    for one in range(int(request)):
        yield str(one).encode()


def client_stream(requests, context):
    count = size = 0
    for one in requests:
        count += 1
        size += len(one)
    return json.dumps([count, size]).encode()


def bidi(requests, context):
    for one in requests:
        yield b"<" + one + b">"


def hang(request, context):
    ended = threading.Event()
    context.add_callback(ended.set)
    say(event="started")
    ended.wait(20)
    say(event="ended", active=context.is_active())
    return b""


def serve():
    handlers = {
        "Unary": grpc.unary_unary_rpc_method_handler(unary),
        "Fail": grpc.unary_unary_rpc_method_handler(fail),
        "Pushback": grpc.unary_unary_rpc_method_handler(pushback),
        "Remaining": grpc.unary_unary_rpc_method_handler(remaining),
        "Big": grpc.unary_unary_rpc_method_handler(big),
        "Hang": grpc.unary_unary_rpc_method_handler(hang),
        "ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
        "ClientStream": grpc.stream_unary_rpc_method_handler(client_stream),
        "Bidi": grpc.stream_stream_rpc_method_handler(bidi),
    }
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    say(event="listening", port=port)
    sys.stdin.read()
    server.stop(0).wait(5)


# --- client -----------------------------------------------------------------------------------------------------------


def scenario(name):
    def decorate(function):
        def run(channel):
            try:
                say(scenario=name, **function(channel))
            except grpc.RpcError as error:
                say(scenario=name, **failure(error))

        SCENARIOS.append(run)
        return run

    return decorate


SCENARIOS = []


def failure(error):
    return {
        "code": error.code().name,
        "details": error.details(),
        "trailers": interesting(error.trailing_metadata()),
        "status_details": next((v.hex() for k, v in error.trailing_metadata() or () if k == "grpc-status-details-bin"), None),
        "pushback": next((v for k, v in error.trailing_metadata() or () if k == "grpc-retry-pushback-ms"), None),
    }


def path(method):
    return "/%s/%s" % (SERVICE, method)


@scenario("unary")
def _(channel):
    call = channel.unary_unary(path("Unary"))
    sent = (("x-text", "plain"), ("x-twice", "first"), ("x-twice", "second"), ("x-bytes-bin", b"\x00\x01\xff"))
    response, done = call.with_call(b"hello", metadata=sent, timeout=10)
    return {
        "response": response.decode(),
        "headers": interesting(done.initial_metadata()),
        "trailers": interesting(done.trailing_metadata()),
    }


@scenario("empty")
def _(channel):
    return {"response": channel.unary_unary(path("Unary"))(b"", timeout=10).decode()}


@scenario("server_stream")
def _(channel):
    return {"responses": [one.decode() for one in channel.unary_stream(path("ServerStream"))(b"1000", timeout=10)][-2:]}


@scenario("client_stream")
def _(channel):
    return {"response": channel.stream_unary(path("ClientStream"))((b"x" * 100 for _ in range(1000)), timeout=10).decode()}


@scenario("bidi")
def _(channel):
    return {"responses": [one.decode() for one in channel.stream_stream(path("Bidi"))(iter([b"a", b"b"]), timeout=10)]}


@scenario("fail")
def _(channel):
    channel.unary_unary(path("Fail"))(b"", timeout=10)


@scenario("unknown")
def _(channel):
    channel.unary_unary(path("Unari"))(b"", timeout=10)


@scenario("remaining")
def _(channel):
    return {"response": channel.unary_unary(path("Remaining"))(b"", timeout=8).decode()}


@scenario("deadline")
def _(channel):
    channel.unary_unary(path("Hang"))(b"deadline", timeout=0.1)


@scenario("cancel")
def _(channel):
    stream = channel.unary_stream(path("HangStream"))(b"cancel", timeout=20)
    first = next(stream)
    stream.cancel()
    return {"first": first.decode(), "code": stream.code().name}


@scenario("gzip")
def _(channel):
    response = channel.unary_unary(path("Unary"))(b"z" * 100000, timeout=10, compression=grpc.Compression.Gzip)
    return {"length": len(response)}


@scenario("too_large")
def _(channel):
    channel.unary_unary(path("Unary"))(b"z" * 5000000, timeout=10)


def call_all(port):
    options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel("127.0.0.1:%s" % port, options=options) as channel:
        grpc.channel_ready_future(channel).result(timeout=10)
        for run in SCENARIOS:
            run(channel)


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve()
    else:
        call_all(sys.argv[2])
