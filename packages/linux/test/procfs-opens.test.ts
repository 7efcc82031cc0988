// SPDX-License-Identifier: Apache-2.0
// Init opens only files of its own procfs there, wherever a path of a launch program leads.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import {
  encodeRecords,
  type LaunchRecord,
  launchLayouts,
  nativeFile,
  protocolConstants,
  protocolVersion,
  RecordReader,
  type SyncRecord,
  syncLayouts,
} from '@teu/linux'

const readWrite = 2
const noSuchFile = 2

/** Runs a program that ends in a failure, and says which. */
async function failureOf(steps: readonly LaunchRecord[]): Promise<{ step: number; code: number }> {
  const body = encodeRecords(launchLayouts, steps)
  const header = Buffer.alloc(16)
  header.writeUInt32LE(protocolConstants.programMagic, 0)
  header.writeUInt32LE(protocolVersion, 4)
  header.writeUInt32LE(body.length, 8)
  header.writeUInt32LE(steps.length, 12)
  const init: ChildProcess = spawn(nativeFile('teu-init'), ['init'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  const channel = init.stdio[3] as Duplex
  channel.write(Buffer.concat([header, body]))
  const reader = new RecordReader<SyncRecord>(syncLayouts, protocolConstants.maxMessageBytes)
  const [chunk] = (await once(channel, 'data')) as [Buffer]
  const [record] = reader.push(chunk)
  channel.destroy()
  await once(init, 'exit')
  if (record?.kind !== 'failure') throw new Error(`no failure: ${JSON.stringify(record)}`)
  return record
}

test('a parameter is not written through a magic link, be it to a file of the same procfs', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'teu-procfs-'))
  const bystander = spawn('sleep', ['1000'])
  try {
    const file = join(directory, 'file')
    writeFileSync(file, 'before')
    const name = `/proc/${bystander.pid}/oom_score_adj`
    const before = readFileSync(name, 'utf8')
    for (const path of [file, name]) {
      let refused = 0
      // The descriptor's number is one of the first.
      for (let fd = 4; fd < 10; fd++) {
        const failure = await failureOf([
          { kind: 'open', slot: 0, path, flags: readWrite },
          { kind: 'sysctl', path: `self/fd/${fd}`, value: '500' },
        ])
        if (failure.step === 1 && failure.code !== noSuchFile) refused++
      }
      assert.ok(refused >= 1, path)
    }
    for (const path of [`self/root${file}`, `self/cwd/../../../../../../../../..${file}`, `../..${file}`]) {
      const { step, code } = await failureOf([{ kind: 'sysctl', path, value: '500' }])
      assert.equal(step, 0)
      assert.notEqual(code, noSuchFile)
    }
    assert.equal(readFileSync(file, 'utf8'), 'before')
    assert.equal(readFileSync(name, 'utf8'), before)
  } finally {
    bystander.kill('SIGKILL')
    rmSync(directory, { recursive: true })
  }
})
