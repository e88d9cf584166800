import assert from 'node:assert/strict';
import fc from 'fast-check';
import { HeaderField } from '../hpack/header-field.js';
import { fieldProblem } from './field-rules.js';

const LEGAL_IN_NAMES = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";
const problem = (name: string, value: string): string | undefined => fieldProblem(name, value, undefined);

describe('the rules for header fields', () => {
  it('allow the characters of a lower-case token in a name, and a colon in front', () => {
    for (let code = 0; code < 256; code++) {
      const character = String.fromCharCode(code);
      const legal = LEGAL_IN_NAMES.includes(character);
      assert.equal(problem(character, '') === undefined, legal, `name ${code}`);
      assert.equal(problem(`a${character}b`, '') === undefined, legal, `inside ${code}`);
      assert.equal(problem(`:${character}`, '') === undefined, legal, `pseudo ${code}`);
    }
    for (const name of ['', ':', '::a', 'a:', 'X-A', 'x\n', '\nx']) assert.notEqual(problem(name, ''), undefined);
  });

  it('allow all in a value but NUL, CR and LF', () => {
    for (let code = 0; code < 256; code++) {
      const character = String.fromCharCode(code);
      const never = [0, 10, 13].includes(code);
      assert.equal(problem('x', `a${character}b`) === undefined, !never, `inside ${code}`);
      assert.equal(problem('x', character) === undefined, !never, `alone ${code}`);
      assert.equal(problem('x', `${character}b`) === undefined, !never, `first ${code}`);
      assert.equal(problem('x', `a${character}`) === undefined, !never, `last ${code}`);
    }
    assert.equal(problem('x', ''), undefined);
  });

  it('name the field, but not its value', () => {
    assert.equal(problem('X', 'secret'), 'a header name with illegal characters: "X"');
    assert.equal(problem('x', 'secret\n'), 'an illegal character in the value of x');
  });

  it('say the same of a table entry, however often it is asked about', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'X', ' ', '\n', ':', 'ü'), maxLength: 3 });
    const property = fc.property(text, text, (name, value) => {
      const field = new HeaderField(name, value);
      const alone = problem(name, value);
      for (let times = 0; times < 3; times++) assert.equal(fieldProblem(name, value, field), alone);
      assert.equal(field.memo === undefined, alone !== undefined);
    });
    fc.assert(property, { numRuns: 300 });
  });

  it('leave a memo alone that somebody has made of a good entry', () => {
    const field = new HeaderField(':path', '/a');
    const memo = { plan: 1 };
    field.memo = memo;
    assert.equal(fieldProblem(field.name, field.value, field), undefined);
    assert.equal(field.memo, memo);
  });
});
