// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { codeOf } from '@teu/errors'
import { decodeContainerCreate } from '../containers/decode.ts'
import { checkJsonContentType, parseBody } from './parse-body.ts'

const create = (text: string) => parseBody(text, decodeContainerCreate)

test('keys match in any case, the last spelling wins, null is absent, unknown keys are ignored', () => {
  assert.deepEqual(create('{"image":"a","IMAGE":"b","Tty":null,"Unknown":{"x":1},"hostconfig":{"memory":6291456}}'), {
    Image: 'b',
    HostConfig: { Memory: 6291456 },
  })
})

test('a lone string stands for a list of one where the original says so', () => {
  assert.deepEqual(create('{"Cmd":"ls","Entrypoint":["a"]}'), { Cmd: ['ls'], Entrypoint: ['a'] })
  assert.throws(() => create('{"Env":"A=1"}'), /cannot unmarshal string into Go struct field Config\.Env/)
})

test('__proto__ is data and pollutes nothing', () => {
  const body = create('{"__proto__":{"Image":"x"},"Labels":{"__proto__":"y"}}')
  assert.equal(body?.Image, undefined)
  assert.deepEqual(Object.entries(body?.Labels ?? {}), [['__proto__', 'y']])
  assert.equal(({} as Record<string, unknown>)['Image'], undefined)
})

test('values of another type are refused with their place', () => {
  const bad = [
    '{"Tty":"yes"}',
    '{"HostConfig":{"Memory":"5"}}',
    '{"HostConfig":{"Memory":1.5}}',
    '{"Labels":[]}',
    '[]',
    '""',
    '1',
  ]
  for (const text of bad) assert.throws(() => create(text), /^StackError: invalid JSON: json: cannot unmarshal /, text)
})

test('numbers beyond what is exact are refused, not rounded', () => {
  assert.equal(create('{"HostConfig":{"Memory":9007199254740991}}')?.HostConfig?.Memory, Number.MAX_SAFE_INTEGER)
  assert.throws(
    () => create('{"HostConfig":{"Memory":9007199254740993}}'),
    (e) => codeOf(e) === 'invalid-argument',
  )
  assert.equal(create('{"HostConfig":{"MemorySwap":-1}}')?.HostConfig?.MemorySwap, -1)
})

test("what is no JSON has the original's texts and repeats nothing of the body", () => {
  assert.throws(() => create('{'), /^StackError: invalid JSON: /)
  assert.throws(
    () => create('{"a": secret}'),
    (e: Error) => !e.message.includes('secret'),
  )
  assert.throws(() => create('{} {}'), /unexpected content after JSON/)
  assert.throws(() => create('  '), /got EOF while reading request body/)
  assert.equal(create(''), undefined)
  assert.equal(create('null'), undefined)
})

test('deep nesting is refused without recursion', () => {
  assert.throws(() => create('['.repeat(1_000_000)), /exceeded max depth/)
  assert.throws(() => create(`{"x":${'['.repeat(10_001)}${']'.repeat(10_001)}}`), /exceeded max depth/)
  assert.deepEqual(create(`{"x":"${'['.repeat(20_000)}"}`), {})
})

test('only JSON may be sent as a body', () => {
  checkJsonContentType('application/json', 2)
  checkJsonContentType('application/json; charset=utf-8', undefined)
  checkJsonContentType(undefined, 0)
  assert.throws(
    () => checkJsonContentType('text/plain', 2),
    /unsupported Content-Type header \(text\/plain\): must be 'application\/json'/,
  )
  assert.throws(() => checkJsonContentType('garbage', 2), /malformed Content-Type header \(garbage\)/)
  assert.throws(() => checkJsonContentType(undefined, undefined), /malformed Content-Type header \(\)/)
})
