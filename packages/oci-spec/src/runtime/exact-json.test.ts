// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { formatExactJson, parseExactJson } from './exact-json.ts'
import { validateProcess, validateResources, validateSpec } from './validate.ts'

const largest = 0xffff_ffff_ffff_ffffn

test('integers of 64 bits are read with all their digits, and written so', () => {
  const text = '{"a":18446744073709551615,"b":[9007199254740993,-9223372036854775808],"c":9007199254740991,"d":1.5}'
  const value = parseExactJson(text)
  assert.deepEqual(value, { a: largest, b: [9007199254740993n, -(2n ** 63n)], c: 2 ** 53 - 1, d: 1.5 })
  assert.equal(formatExactJson(value), text)
})

test('what is no long number stays as JSON.parse has it', () => {
  for (const text of ['{"a":"18446744073709551615"}', '[1e300,0.12345678901234567,-0]', '{"__proto__":1}', 'null']) {
    assert.deepEqual(parseExactJson(text), JSON.parse(text))
  }
  assert.throws(() => parseExactJson('{"a":18446744073709551615'), SyntaxError)
  assert.throws(() => parseExactJson('{'), SyntaxError)
})

const argument = (value: string) =>
  `{"ociVersion":"1.2.0","linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["ioctl"],
  "action":"SCMP_ACT_ERRNO","args":[{"index":1,"op":"SCMP_CMP_MASKED_EQ","value":${value},"valueTwo":${value}}]}]}}}`

test('seccomp operands are exact up to the last bit, and refused above it', () => {
  for (const value of ['9007199254740993', '18446744069414584320', '18446744073709551615']) {
    const [operand] = validateSpec(parseExactJson(argument(value))).linux?.seccomp?.syscalls?.[0]?.args ?? []
    assert.deepEqual([operand?.value, operand?.valueTwo].map(String), [value, value])
  }
  for (const value of ['18446744073709551616', '-1', '1e20', '1.5']) {
    assert.throws(() => validateSpec(parseExactJson(argument(value))), {
      code: 'invalid-argument',
      message: /^linux\.seccomp\.syscalls\[0\]\.args\[0\]\.value: must be /,
    })
  }
})

test('limits are exact: of processes, memory, huge pages and devices', () => {
  const process = (soft: string) =>
    `{"cwd":"/","user":{"uid":0,"gid":0},"rlimits":[{"type":"RLIMIT_FSIZE","hard":18446744073709551615,"soft":${soft}}]}`
  const [limit] = validateProcess(parseExactJson(process('18446744073709551614'))).rlimits ?? []
  assert.deepEqual(limit, { type: 'RLIMIT_FSIZE', hard: largest, soft: largest - 1n })
  assert.throws(() => validateProcess(parseExactJson(process('18446744073709551616'))), { code: 'invalid-argument' })

  const resources = {
    memory: { limit: 2n ** 63n - 1n, reservation: 9007199254740993n, swap: -1 },
    hugepageLimits: [{ pageSize: '2MB', limit: largest }],
    blockIO: { throttleReadBpsDevice: [{ major: 8, minor: 0, rate: largest }] },
  }
  assert.deepEqual(validateResources(parseExactJson(formatExactJson(resources))), resources)
  for (const limit of ['9223372036854775808', '-9223372036854775809']) {
    const text = `{"memory":{"limit":${limit}}}`
    assert.throws(() => validateResources(parseExactJson(text)), { message: /^memory\.limit: must be from -9223372/ })
  }
})

test('a number of JavaScript that stands for the end of the range is that end', () => {
  const rlimits = [{ type: 'RLIMIT_CORE', hard: 2 ** 64, soft: 2 ** 60 }]
  assert.deepEqual(validateProcess({ cwd: '/', user: { uid: 0, gid: 0 }, rlimits }).rlimits, [
    { type: 'RLIMIT_CORE', hard: largest, soft: 2n ** 60n },
  ])
  assert.deepEqual(validateResources({ memory: { limit: 2 ** 63 } }), { memory: { limit: 2n ** 63n - 1n } })
})

test('where no kernel takes a number that large it is refused, never rounded', () => {
  for (const [text, path] of [
    ['{"cpu":{"period":9007199254740993}}', 'cpu.period'],
    ['{"cpu":{"quota":9223372036854775807}}', 'cpu.quota'],
    ['{"pids":{"limit":9007199254740993}}', 'pids.limit'],
    ['{"memory":{"swappiness":18446744073709551615}}', 'memory.swappiness'],
    ['{"rdma":{"x":{"hcaHandles":9007199254740993}}}', 'rdma.x.hcaHandles'],
  ] as const) {
    const message = new RegExp(`^${path.replaceAll('.', '\\.')}: must be from .*, is \\d+$`)
    assert.throws(() => validateResources(parseExactJson(text)), { code: 'invalid-argument', message })
  }
})
