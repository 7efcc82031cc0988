// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Descriptor } from './descriptor.ts'
import { digestOf } from './digest.ts'
import { mediaTypes } from './media-types.ts'
import {
  choosePlatform,
  formatPlatform,
  isSamePlatform,
  matchPlatform,
  type Platform,
  parsePlatform,
  runnablePlatforms,
} from './platform.ts'

function entry(platform?: string): Descriptor {
  const base = { mediaType: mediaTypes.ociManifest, digest: digestOf(platform ?? 'none'), size: 1 }
  if (platform === undefined) return base
  const [os = '', architecture = '', variant] = platform.split('/')
  return { ...base, platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } }
}

const spellings: [string, string][] = [
  ['linux/amd64', 'linux/amd64'],
  ['linux/x86_64', 'linux/amd64'],
  ['Linux/AMD64/v1', 'linux/amd64'],
  ['linux/amd64/v3', 'linux/amd64/v3'],
  ['linux/aarch64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['linux/arm', 'linux/arm/v7'],
  ['linux/arm/6', 'linux/arm/v6'],
  ['linux/armel', 'linux/arm/v6'],
  ['macos/arm64', 'darwin/arm64'],
]

test('platforms have one spelling', () => {
  for (const [given, expected] of spellings) assert.equal(formatPlatform(parsePlatform(given)), expected)
  assert.equal(parsePlatform('linux').os, 'linux')
  assert.equal(parsePlatform('s390x').architecture, 's390x')
})

test('parsePlatform refuses a text when it is no platform, as containerd does', () => {
  for (const text of ['', '/', 'linux/', 'linux/a b', 'linux/amd64/v1/x', `linux/${'a'.repeat(65)}`, 'linux/../x']) {
    assert.throws(() => parsePlatform(text), { code: 'invalid-argument', message: /: invalid argument$/ }, text)
  }
  const message = '"foobar": unknown operating system or architecture: invalid argument'
  assert.throws(() => parsePlatform('foobar'), { code: 'invalid-argument', message })
})

test('a platform that is not the same is told apart, spelling is not', () => {
  const [plain, spelled, v3] = ['linux/amd64', 'Linux/x86_64/v1', 'linux/amd64/v3'].map(parsePlatform) as [
    Platform,
    Platform,
    Platform,
  ]
  assert.ok(isSamePlatform(plain, spelled) && isSamePlatform(plain, { os: 'linux', architecture: 'x86-64' }))
  assert.ok(!isSamePlatform(plain, v3))
})

test('a machine runs what is below it', () => {
  const run = (text: string) => runnablePlatforms(parsePlatform(text)).map(formatPlatform)
  assert.deepEqual(run('linux/amd64'), ['linux/amd64', 'linux/386'])
  assert.deepEqual(run('linux/amd64/v3'), ['linux/amd64/v3', 'linux/amd64/v2', 'linux/amd64', 'linux/386'])
  assert.deepEqual(run('linux/arm64'), ['linux/arm64', 'linux/arm/v8', 'linux/arm/v7', 'linux/arm/v6', 'linux/arm/v5'])
  assert.deepEqual(run('linux/arm/v6'), ['linux/arm/v6', 'linux/arm/v5'])
  assert.deepEqual(run('linux/s390x'), ['linux/s390x'])
})

test('the best entry is chosen, whatever the order', () => {
  const entries = [
    entry(),
    entry('linux/arm/v5'),
    entry('linux/arm/v7'),
    entry('unknown/unknown'),
    entry('linux/amd64/v1'),
  ]
  assert.equal(choosePlatform(entries, parsePlatform('linux/amd64')), entries[4])
  assert.equal(choosePlatform(entries, parsePlatform('linux/arm64')), entries[2])
  assert.deepEqual(matchPlatform(entries, parsePlatform('linux/arm/v5')), [entries[1], entries[0]])
})

test('no entry is not found, with the text docker users know', () => {
  assert.throws(() => choosePlatform([entry('linux/s390x'), entry('unknown/unknown')], parsePlatform('linux/amd64')), {
    code: 'not-found',
    message: 'no matching manifest for linux/amd64 in the manifest list entries',
  })
})
