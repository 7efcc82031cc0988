// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import type { MessageCodec, Service } from './service.ts'
import { recordSpans, span, traced } from './spans.ts'

const text: MessageCodec<string> = {
  encode: (message) => ({ finish: () => new TextEncoder().encode(message) }),
  decode: (bytes) => new TextDecoder().decode(bytes),
}
const method = {
  requestType: text,
  responseType: text,
  requestStream: false,
  responseStream: false,
  options: {},
} as const
const definition = {
  name: 'Echo',
  fullName: 'test.Echo',
  methods: { say: { ...method, name: 'Say' }, fail: { ...method, name: 'Fail' } },
} as const

const echo: Service<typeof definition> = {
  say: async (request) => request,
  fail: async () => {
    throw new Error('no')
  },
}

test('calls are recorded with layer, name and time, failures too, and only while somebody records', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'spans-'))
  const file = path.join(folder, 'spans')
  try {
    const service = traced('containerd', definition, echo)
    assert.equal(await service.say('before'), 'before')
    {
      using _recording = recordSpans(file)
      assert.equal(await service.say('hi'), 'hi')
      await assert.rejects(service.fail('x'), /no/)
      await span('runtime', 'create', async () => {})
    }
    await service.say('after')
    const spans = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      spans.map(({ layer, name }) => [layer, name]),
      [
        ['containerd', 'Echo.Say'],
        ['containerd', 'Echo.Fail'],
        ['runtime', 'create'],
      ],
    )
    for (const { start, duration } of spans) assert.ok(Math.abs(start - Date.now()) < 60_000 && duration >= 0)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
