// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { chainId, chainIds } from './chain-id.ts'
import { digestAlgorithm, digestEncoded, digestOf, isDigest, parseDigest } from './digest.ts'
import { layoutBlobPath } from './layout.ts'

const empty = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

test('digests of bytes', () => {
  assert.equal(digestOf(''), empty)
  assert.equal(digestOf('', 'sha512').length, 'sha512:'.length + 128)
  const digest = parseDigest(empty)
  assert.equal(digestAlgorithm(digest), 'sha256')
  assert.equal(`${digestAlgorithm(digest)}:${digestEncoded(digest)}`, empty)
  assert.equal(layoutBlobPath(digest), `blobs/sha256/${empty.slice(7)}`)
})

const refused: [string, RegExp][] = [
  ['', /^invalid checksum digest format/],
  ['sha256', /^invalid checksum digest format/],
  ['sha256:', /^invalid checksum digest length/],
  [empty.slice(0, -1), /^invalid checksum digest length/],
  [`${empty}0`, /^invalid checksum digest length/],
  [empty.toUpperCase(), /^unsupported digest algorithm/],
  [`sha256:${empty.slice(7).toUpperCase()}`, /^invalid checksum digest format/],
  ['sha256:../../../../../../../../../../../../../../../../../../../../etc', /^invalid checksum digest/],
  [`md5:${'0'.repeat(32)}`, /^unsupported digest algorithm/],
  [`blake3:${'0'.repeat(64)}`, /^unsupported digest algorithm/],
  [`${empty}\n`, /^invalid checksum digest/],
]

test('what is no digest is refused', () => {
  for (const [text, message] of refused) {
    assert.equal(isDigest(text), false, text)
    assert.throws(() => parseDigest(text), { code: 'invalid-argument', message }, text)
  }
})

test('chain ids build on one another', () => {
  const [a, b, c] = [digestOf('a'), digestOf('b'), digestOf('c')]
  assert.equal(chainId([]), undefined)
  assert.equal(chainId([a]), a)
  assert.deepEqual(chainIds([a, b]), [a, digestOf(`${a} ${b}`)])
  assert.equal(chainId([a, b, c]), digestOf(`${digestOf(`${a} ${b}`)} ${c}`))
})
