// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { hookProgram } from './oci-hook.ts'

function bundleOf(t: TestContext, path = 'rootfs'): { bundle: string; state: string } {
  const bundle = mkdtempSync(join(tmpdir(), 'teu-oci-hook-'))
  t.after(() => rmSync(bundle, { recursive: true }))
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({ ociVersion: '1.2.0', root: { path } }))
  const annotations = { 'a.b/c': 'value', quoted: '"x"' }
  return {
    bundle,
    state: JSON.stringify({ ociVersion: '1.2.0', id: 'c1', pid: 42, status: 'creating', bundle, annotations }),
  }
}

test('arguments and environment are what the state and the bundle say', async (t) => {
  const { bundle, state } = bundleOf(t)
  const words = [
    '/bin/sh',
    '{{id}}-{{ pid }}',
    '{{status}}:{{rootfs}}',
    '{{annotation "a.b/c"}}{{annotation `none`}}',
    '{x}',
  ]
  const program = await hookProgram(words, { ROOT: '{{rootfs}}', PLAIN: 'p' }, Readable.from([state]))
  assert.deepEqual(program, {
    file: '/bin/sh',
    args: ['/bin/sh', 'c1-42', `creating:${bundle}/rootfs`, 'value', '{x}'],
    env: { ROOT: `${bundle}/rootfs`, PLAIN: 'p' },
  })
})

test('an absolute root stays as it is', async (t) => {
  const { state } = bundleOf(t, '/elsewhere')
  const { args } = await hookProgram(['/bin/sh', '{{rootfs}}'], {}, Readable.from([state]))
  assert.deepEqual(args, ['/bin/sh', '/elsewhere'])
})

test('hookProgram refuses a placeholder without a meaning, a missing command and a malformed state', async (t) => {
  const { state } = bundleOf(t)
  const refuses = (words: string[], message: RegExp, input = state) =>
    assert.rejects(hookProgram(words, {}, Readable.from([input])), { code: 'invalid-argument', message })
  for (const word of ['{{name}}', '{{id', '{{if id}}x{{end}}', '{{annotation}}', '{{annotation "\\z"}}'])
    await refuses(['/bin/sh', word], /^oci-hook: .*(stands for nothing|not a string)/)
  await refuses([], /a command is required/)
  await refuses(['/nope'], /exec \/nope: /)
  await refuses(['/bin/sh'], /the state: /, '{')
  await refuses(['/bin/sh'], /no state on the standard input/, '{}')
})

test('the program becomes the command', async (t) => {
  const { state } = bundleOf(t)
  const program = join(
    dirname(createRequire(import.meta.url).resolve('@teu/containerd/package.json')),
    'src/bin/teu-containerd.ts',
  )
  const line = ['oci-hook', '/bin/sh', '-c', 'echo "$0 $1 $OF_ID"; exit 7', '{{id}}', '--flag={{pid}}']
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=teu-source', program, ...line], {
    input: state,
    encoding: 'utf8',
    env: { ...process.env, OF_ID: '<{{id}}>' },
  })
  assert.deepEqual({ status, stdout, stderr }, { status: 7, stdout: 'c1 --flag=42 <c1>\n', stderr: '' })
})
