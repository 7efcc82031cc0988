// SPDX-License-Identifier: Apache-2.0
// What the front of the shim reads, against other implementations of the same formats, under the sanitizers.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

const native = join(import.meta.dirname, '../native')
const folder = mkdtempSync(join(tmpdir(), 'teu-front-'))
const program = join(folder, 'front')
const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-g', '-O1']
const sources = ['test/front.c', 'front/json.c', 'front/sha256.c', 'front/input.c'].map((name) => join(native, name))
const built = spawnSync('cc', ['-std=gnu11', ...sanitizers, '-I', native, ...sources, '-o', program])
const skip = built.error ? 'needs a C compiler with its sanitizers' : false
const key = 'io.containerd.runc.v2.group'

before(() => assert.equal(built.status ?? 0, 0, String(built.stderr)))
after(() => rmSync(folder, { recursive: true }))

function ask(kind: string, texts: readonly string[]): string[] {
  const input = texts.map((text) => `${kind} ${text}\n`).join('')
  const { status, stdout, stderr } = spawnSync(program, { input, maxBuffer: 64 * 1024 * 1024 })
  assert.equal(status, 0, stderr.toString())
  return stdout.toString().split('\n').slice(0, -1)
}

/** What JSON.parse makes of it; undefined for no JSON, or no object. */
function parsedGroup(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    const { annotations } = value as { annotations?: Record<string, unknown> | unknown[] | null }
    if (typeof annotations !== 'object' || annotations === null || Array.isArray(annotations)) return ''
    const group = Object.hasOwn(annotations, key) ? annotations[key] : undefined
    return typeof group === 'string' ? group : ''
  } catch {
    return undefined
  }
}

test('the group of a configuration is the one that JSON.parse finds', { skip }, () => {
  const texts = [
    '{}',
    `{"annotations":{"${key}":"pod-1"}}`,
    `  { "a" : [1, -0.5e+3, true, null, {"annotations":{"${key}":"no"}}], "annotations":{"x":"\\u00e9\\n","${key}":"p"} } `,
    `{"annotations":{"${key}":"first"},"annotations":{"${key}":"last","${key}":"very last"}}`,
    `{"annotations":{"${key}":"gone"},"annotations":null}`,
    '{"annotations":[]}',
    '{"annotations":"x"}',
  ]
  assert.deepEqual(
    ask('j', texts),
    texts.map((text) => `=${parsedGroup(text)}`),
  )
})

test('what it does not know for sure it leaves to others', { skip }, () => {
  const texts = [
    `{"annotations":{"${key}":"with \\u0061n escape"}}`,
    `{"annotations":{"${key}":"größe"}}`,
    `{"annotations":{"io.containerd.runc.v2\\u002egroup":"hidden"}}`,
    `{"\\u0061nnotations":{"${key}":"hidden"}}`,
    `{"annotations":{"${key}":7}}`,
    '',
    '[]',
    'null',
    '{',
    '{"a":1}x',
    '{"a":01}',
    '{"a":1,}',
    '{"a":.5}',
    '{"a":"\\x"}',
    "{'a':1}",
    `${'['.repeat(1000)}`,
    `{"a":${'['.repeat(100)}${']'.repeat(100)}}`,
  ]
  assert.deepEqual(
    ask('j', texts),
    texts.map(() => '?'),
  )
})

test('damaged configurations never lead to another group than the one they name', { skip }, () => {
  const base = JSON.stringify({
    ociVersion: '1.0.2',
    process: { args: ['sh', '-c', 'echo "\\ \u00e9"'], rlimits: [{ type: 'x', hard: 1024, soft: -1.5e3 }] },
    annotations: { 'io.kubernetes.cri.sandbox-id': 'other', [key]: 'pod', z: '' },
    linux: { namespaces: [{ type: 'pid' }], readonlyPaths: [], seccomp: null },
  })
  const alphabet = '{}[]",:\\0123456789eE+-.truefalsn \tu"'
  let seed = 1
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  const texts = Array.from({ length: 20_000 }, () => {
    let text = base
    for (let changes = 1 + random(3); changes > 0; changes--) {
      const at = random(text.length)
      text = text.slice(0, at) + (random(2) ? alphabet[random(alphabet.length)] : '') + text.slice(at + random(3))
    }
    return text
  })
  const answers = ask('j', texts)
  let known = 0
  for (const [at, text] of texts.entries()) {
    if (answers[at] === '?') continue
    known++
    assert.equal(answers[at], `=${parsedGroup(text)}`, text)
  }
  assert.ok(known > 1000, `${known} were known`)
})

test('its digests are those of SHA-256', { skip }, () => {
  const texts = Array.from({ length: 300 }, (_, length) => 'abcdefghij'.repeat(30).slice(0, length + 1))
  assert.deepEqual(
    ask('h', texts),
    texts.map((text) => createHash('sha256').update(text).digest('hex')),
  )
})

test('only a message with the id and the namespace in front is a BootstrapParams', { skip }, () => {
  const message = (id: string, namespace: string, rest = '') =>
    Buffer.concat([
      Buffer.from([10, id.length]),
      Buffer.from(id),
      Buffer.from([18, namespace.length]),
      Buffer.from(namespace),
      Buffer.from(rest, 'hex'),
    ]).toString('hex')
  const yes = [message('id', 'ns'), message('id', 'ns', '1804')]
  const whole = message('id', 'ns')
  const cut = Array.from({ length: whole.length / 2 - 1 }, (_, at) => whole.slice(0, (at + 1) * 2))
  const no = [
    message('containerd.runc.v1.Options', ''),
    message('id', 'other'),
    message('i', 'ns'),
    '0a',
    '0affffffff7f',
    ...cut,
  ]
  assert.deepEqual(ask('b', yes), ['1', '1'])
  assert.deepEqual(
    ask('b', no),
    no.map(() => '0'),
  )
})

test('options are plain when they are of runc, and name no cgroup for the shim', { skip }, () => {
  const bytes = (field: number, content: Buffer | string) => {
    const value = Buffer.from(content)
    const length = value.length < 128 ? [value.length] : [(value.length & 127) | 128, value.length >> 7]
    return Buffer.concat([Buffer.from([(field << 3) | 2, ...length]), value])
  }
  const number = (field: number, ...value: number[]) => Buffer.from([field << 3, ...value])
  const any = (type: string, ...value: Buffer[]) => Buffer.concat([bytes(1, type), bytes(2, Buffer.concat(value))])
  const runc = 'containerd.runc.v1.Options'
  const usual = [
    number(1, 1),
    number(4, 0xff, 0xff, 0xff, 0xff, 15),
    bytes(6, '/usr/bin/runc'),
    bytes(7, 'r'.repeat(300)),
  ]
  const cgroup = bytes(3, '/shims')
  const whole = any(runc, ...usual, number(9, 1))
  const plain = [Buffer.alloc(0), bytes(1, runc), any(runc), any(`type.googleapis.com/${runc}`, ...usual), whole]
  const other = [
    any(runc, ...usual, cgroup),
    any(runc, cgroup, ...usual),
    any(`x${runc}`, ...usual),
    any('runtimeoptions.v1.Options'),
    bytes(2, ''),
    Buffer.concat([any(runc), any(runc, cgroup)]),
    Buffer.concat([any(runc), number(3, 1)]),
    any(runc, Buffer.from([(5 << 3) | 3])),
    any(runc, Buffer.from([(6 << 3) | 2, ...Array(9).fill(0xff), 1])),
    any(runc, Buffer.from([0xff, 0xff])),
    // What is cut off may have named one.
    ...Array.from({ length: whole.length - 1 }, (_, at) => whole.subarray(0, at + 1)).filter(
      ({ length }) => length !== bytes(1, runc).length,
    ),
  ]
  const answers = (all: Buffer[]) =>
    ask(
      'o',
      all.map((each) => each.toString('hex')),
    )
  assert.deepEqual(
    answers(plain),
    plain.map(() => '1'),
  )
  assert.deepEqual(
    answers(other),
    other.map(() => '0'),
  )
})
