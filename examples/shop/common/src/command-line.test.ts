import assert from 'node:assert/strict';
import { HelpRequested, type OptionSpecs, parseCommandLine, UsageError } from './command-line.js';

const SPECS = {
  port: { type: 'number', about: 'where to listen', default: 0, min: 0, max: 65_535, integer: true },
  data: { type: 'string', about: 'a folder', placeholder: 'FOLDER' },
  name: { type: 'string', about: 'a name', default: 'main', pattern: { match: /^[a-z]+$/, words: 'small letters' } },
  verbose: { type: 'boolean', about: 'say more' },
} as const satisfies OptionSpecs;

const parse = (...args: string[]) => parseCommandLine('thing: does things.', SPECS, args);
const usage = (message: RegExp) => (error: unknown) => error instanceof UsageError && message.test(error.message);

describe('command line', () => {
  it('fills in what is not said', () => {
    assert.deepEqual(parse(), { port: 0, data: undefined, name: 'main', verbose: false });
  });

  it('reads values in both spellings', () => {
    assert.deepEqual(parse('--port', '80', '--data=x', '--verbose'), {
      port: 80,
      data: 'x',
      name: 'main',
      verbose: true,
    });
  });

  it('names the option that was probably meant', () => {
    assert.throws(() => parse('--prot', '1'), usage(/^unknown option --prot; did you mean --port\?$/));
  });

  it('lists the options when none is near', () => {
    assert.throws(
      () => parse('--gibberish'),
      usage(/^unknown option --gibberish; known: --port --data --name --verbose$/),
    );
  });

  it('refuses a value out of range with the range', () => {
    assert.throws(
      () => parse('--port', '65536'),
      usage(/^--port is "65536", but must be a whole number from 0 to 65535$/),
    );
    assert.throws(() => parse('--port=-1'), usage(/^--port is "-1"/));
    assert.throws(() => parse('--port', '1.5'), usage(/whole number/));
    assert.throws(() => parse('--port', 'http'), usage(/^--port is "http"/));
    assert.throws(() => parse('--port', ' '), usage(/^--port is " "/));
  });

  it('refuses a text that is empty or not of its pattern', () => {
    assert.throws(() => parse('--data='), usage(/^--data is empty, but must be FOLDER$/));
    assert.throws(() => parse('--name', 'a/b'), usage(/^--name is "a\/b", but must be small letters$/));
  });

  it('refuses a missing value and words that belong to no option', () => {
    assert.throws(() => parse('--port'), usage(/--port/));
    assert.throws(() => parse('start'), usage(/'start'/));
  });

  it('shows every option with its default when asked for help, whatever else is there', () => {
    assert.throws(
      () => parse('--nonsense', '--help'),
      (error) =>
        error instanceof HelpRequested &&
        /--port N\s+where to listen \(default 0\)/.test(error.message) &&
        /--data FOLDER/.test(error.message),
    );
  });
});
