// SPDX-License-Identifier: Apache-2.0
// -info: what containerd 2.x and dockerd learn of a runtime before they use it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { type Any, Any as AnyMessage, ociTypeUrls, packAny, RuncOptions, RuntimeInfo, runcOptions } from '@teu/shim-api'
import { testBesideOriginals } from '../../../scripts/originals.mjs'

const source = join(import.meta.dirname, '../src/bin/containerd-shim-teu-v1.ts')
const runc = '/usr/sbin/runc'

function info(options: Any | undefined, path = `${dirname(process.execPath)}:/usr/sbin:/usr/bin`) {
  const input = options === undefined ? '' : AnyMessage.encode(options).finish()
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--conditions=teu-source', source, '-info'], {
    input,
    env: { PATH: path },
  })
  return { status, stderr: stderr.toString(), info: status === 0 ? RuntimeInfo.decode(stdout) : undefined }
}

const named = (binaryName: string) => packAny(runcOptions, RuncOptions.fromPartial({ binaryName }))
const document = (features: Any | undefined) => JSON.parse(Buffer.from(features?.value ?? []).toString())

test('without options it tells of our own runtime', () => {
  const { info: told } = info(undefined)
  assert.equal(told?.name, 'io.containerd.teu.v1')
  assert.match(told?.version?.version ?? '', /^\d+\.\d+\.\d+/)
  assert.equal(told?.options, undefined)
  assert.equal(told?.features?.typeUrl, ociTypeUrls.features)
  const { ociVersionMin, linux } = document(told?.features)
  assert.equal(ociVersionMin, '1.0.0')
  assert.ok(linux.seccomp.enabled)
})

testBesideOriginals('with the name of runc it tells of that one, and gives the options back', () => {
  const options = named(runc)
  const { info: told } = info(options)
  assert.equal(told?.options?.typeUrl, options.typeUrl)
  assert.deepEqual(Buffer.from(told?.options?.value ?? []), Buffer.from(options.value))
  assert.deepEqual(document(told?.features), JSON.parse(spawnSync(runc, ['features']).stdout.toString()))
})

test('a runtime that does not say what it knows is no error', () => {
  const { status, info: told } = info(named('/bin/false'))
  assert.equal(status, 0)
  assert.equal(told?.features, undefined)
})

test('a runtime that is not there, and options of another shim, are', () => {
  assert.deepEqual(info(named('nowhere')), {
    status: 1,
    stderr:
      'io.containerd.teu.v1: failed to look up the path of "nowhere": exec: "nowhere": executable file not found in $PATH\n',
    info: undefined,
  })
  assert.match(info({ typeUrl: 'x.Y', value: new Uint8Array() }).stderr, /type with url x\.Y: not found/)
})

/** The name in what `-v` says. */
function versionTold(program: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { env: { PATH: dirname(process.execPath) }, encoding: 'utf8' })
  assert.equal(status, 0)
  return /^(\S+):\n {2}Version: {2}(\d+\.\d+\.\d+\S*)\n/.exec(stdout)?.[1]
}

test('-v tells the version in the form of the original', () => {
  assert.equal(versionTold(process.execPath, '--conditions=teu-source', source, '-v'), 'containerd-shim-teu-v1')
})

testBesideOriginals('-v of the original has that form', () => {
  const original = '/usr/bin/containerd-shim-runc-v2'
  assert.equal(versionTold(original, '-v'), original)
})
