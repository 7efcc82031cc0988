// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import test from 'node:test'
import { inspectIn, summaryIn } from './image-shapes.ts'

const digest = `sha256:${'1'.repeat(64)}` as const
const target = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 5 }
const summary = {
  Id: digest,
  ParentId: '',
  RepoTags: [],
  RepoDigests: [],
  Created: 1,
  Size: 7,
  SharedSize: -1,
  Labels: null,
  Containers: 3,
  Descriptor: target,
}
const inspect = {
  Id: digest,
  RepoTags: ['a:b'],
  RepoDigests: [],
  Parent: '',
  Comment: '',
  DockerVersion: '',
  Author: '',
  Config: { Cmd: ['x'] },
  Architecture: 'amd64',
  Os: 'linux',
  Size: 7,
  GraphDriver: { Name: 'overlayfs', Data: null },
  RootFS: { Type: 'layers' },
  Metadata: {},
  Descriptor: target,
}
const pick = (value: object, ...keys: string[]) =>
  keys.map((key) => (key in value ? (value as Record<string, unknown>)[key] : 'absent'))

test('a row of the list has what its API version has', () => {
  const keys = ['RepoTags', 'RepoDigests', 'VirtualSize', 'Descriptor', 'Containers']
  const rows: [string, ...unknown[]][] = [
    ['1.41', ['<none>:<none>'], ['<none>@<none>'], 7, 'absent', -1],
    ['1.43', [], [], 7, 'absent', -1],
    ['1.47', [], [], 'absent', 'absent', -1],
    ['1.48', [], [], 'absent', target, -1],
  ]
  for (const [version, ...expected] of rows) assert.deepEqual(pick(summaryIn(version, summary), ...keys), expected)
  const named = { ...summary, RepoTags: ['a:b'] }
  assert.deepEqual(pick(summaryIn('1.41', named), 'RepoTags', 'RepoDigests'), [['a:b'], []])
})

test('an inspect has what its API version has; from 1.50 on its config only what the image says', () => {
  const keys = ['VirtualSize', 'Created', 'Container', 'ContainerConfig', 'Descriptor']
  const year1 = '0001-01-01T00:00:00Z'
  const rows: [string, ...unknown[]][] = [
    ['1.41', 7, year1, '', null, 'absent'],
    ['1.44', 'absent', 'absent', '', null, 'absent'],
    ['1.47', 'absent', 'absent', 'absent', 'absent', 'absent'],
    ['1.48', 'absent', 'absent', 'absent', 'absent', target],
  ]
  for (const [version, ...expected] of rows) assert.deepEqual(pick(inspectIn(version, inspect), ...keys), expected)
  const configOf = (version: string) => (inspectIn(version, inspect) as { Config: object }).Config
  assert.deepEqual(configOf('1.50'), { Cmd: ['x'] })
  assert.deepEqual(pick(configOf('1.49'), 'Cmd', 'Hostname', 'Volumes', 'Entrypoint'), [['x'], '', null, null])
})
