// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ExecOciRuntime } from './exec-runtime.ts'

test('a runtime that fails without a word in its log is told of by its command and its end', async () => {
  const bundle = mkdtempSync(join(tmpdir(), 'teu-exec-runtime-'))
  try {
    const binary = join(bundle, 'runtime')
    const init = { root: join(bundle, 'root'), systemdCgroup: false, noPivot: false, noNewKeyring: false }
    const runtime = new ExecOciRuntime({ ...init, binary, bundle, path: process.env.PATH ?? '' })
    const fails = async (script: string, words: RegExp) => {
      writeFileSync(binary, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
      await assert.rejects(runtime.pids('box'), words)
    }
    await fails('kill -s SEGV $$', /runtime ps: killed by SIGSEGV$/)
    await fails('exit 4', /runtime ps: exit status 4$/)
    await fails('echo "its own words" >&2; exit 1', /^StackError: its own words$|its own words$/)
  } finally {
    rmSync(bundle, { recursive: true })
  }
})
