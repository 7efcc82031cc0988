// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateOptions, createOptions, packAny, RuncOptions, runcOptions } from '@teu/shim-api'
import { readCreateOptions } from './create-options.ts'

const wanted = { noPivotRoot: true, noNewKeyring: true, shimCgroup: '/a', ioUid: 5, ioGid: 6 }

test('the options of a Create are read from both types in which clients send them', () => {
  const full = RuncOptions.fromPartial({ ...wanted, binaryName: 'crun' })
  assert.deepEqual(readCreateOptions(packAny(runcOptions, full)), full)
  const older = CreateOptions.fromPartial({ ...wanted, criuWorkPath: '/w', openTcp: true })
  assert.deepEqual(readCreateOptions(packAny(createOptions, older)), RuncOptions.fromPartial(wanted))
  assert.deepEqual(readCreateOptions(undefined), RuncOptions.fromPartial({}))
  assert.deepEqual(readCreateOptions({ typeUrl: '', value: new Uint8Array() }), RuncOptions.fromPartial({}))
})

test('the older type has the numbers of its fields on the wire', () => {
  const { typeUrl, value } = packAny(createOptions, CreateOptions.fromPartial(wanted))
  assert.equal(typeUrl, 'containerd.linux.runc.CreateOptions')
  assert.equal(Buffer.from(value).toString('hex'), '0801' + '4001' + '4a022f61' + '5005' + '5806')
})

test('options of another shim are none, and damaged ones are refused', () => {
  assert.equal(readCreateOptions({ typeUrl: 'runtimeoptions.v1.Options', value: new Uint8Array() }), undefined)
  for (const { typeUrl } of [runcOptions, createOptions]) {
    assert.throws(() => readCreateOptions({ typeUrl, value: Buffer.from([0x0a, 0xff]) }), { code: 'invalid-argument' })
  }
})
