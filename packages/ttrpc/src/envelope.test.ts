// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StackError } from '@teu/errors'
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from './envelope.ts'
import { errorOf, statusOf } from './status.ts'

const payload = Buffer.from('payload')

test('a request survives the wire with its metadata and timeout', () => {
  const request = {
    service: 's.S',
    method: 'M',
    payload,
    timeoutNano: 1_500_000_000n,
    metadata: { 'containerd-namespace-ttrpc': 'moby', other: '' },
  }
  const decoded = decodeRequest(encodeRequest(request))
  assert.deepEqual({ ...decoded, payload: Buffer.from(decoded.payload), metadata: { ...decoded.metadata } }, request)
})

test('the bytes of a request are those of the protobuf message', () => {
  const bytes = encodeRequest({
    service: 'a',
    method: 'b',
    payload: Buffer.from([1]),
    timeoutNano: 2n,
    metadata: { k: 'v' },
  })
  assert.equal(Buffer.from(bytes).toString('hex'), '0a0161120162' + '1a0101' + '2002' + '2a060a016b120176')
})

test('metadata keys are lower case and cannot reach the prototype', () => {
  const request = { service: '', method: '', payload, timeoutNano: 0n, metadata: { KEY: 'v', ['__proto__']: 'x' } }
  const { metadata } = decodeRequest(encodeRequest(request))
  assert.equal(metadata.key, 'v')
  assert.equal(Object.getPrototypeOf(metadata), null)
})

test('a timeout of 2^63 ns arrives as a negative one, and unknown fields are passed over', () => {
  const bytes = Buffer.from('208080808080808080800' + '17a03616263', 'hex')
  assert.equal(decodeRequest(bytes).timeoutNano, -(2n ** 63n))
})

test('bytes that are no protobuf are refused', () => {
  for (const hex of ['ff', '0a05', '0aff', '07', 'ffffffffffffffffffffff']) {
    assert.throws(() => decodeRequest(Buffer.from(hex, 'hex')), `${hex} was taken`)
    assert.throws(() => decodeResponse(Buffer.from(hex, 'hex')), `${hex} was taken`)
  }
})

test('a status carries the class of an error; conflict and not-modified by the end of the message', () => {
  for (const code of ['not-found', 'conflict', 'not-modified', 'unavailable', 'unknown'] as const) {
    const bytes = encodeResponse({ status: statusOf(new StackError(code, 'it failed')), payload: new Uint8Array() })
    const { status } = decodeResponse(bytes)
    assert.ok(status)
    assert.equal(errorOf(status).code, code)
    assert.match(errorOf(status).message, /^it failed/)
  }
  assert.equal(decodeResponse(encodeResponse({ status: undefined, payload })).status, undefined)
})
