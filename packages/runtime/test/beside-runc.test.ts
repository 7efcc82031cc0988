// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import type { SpawnSyncOptions } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LinuxSeccomp } from '@teu/oci-spec/runtime'
import { testBesideOriginals } from '../../../scripts/originals.mjs'
import { call, type Result, teu } from './kit/program.ts'
import { rooted } from './kit/root.ts'
import { type SpecChange, Workshop } from './kit/workshop.ts'

const quiet: SpawnSyncOptions = { stdio: ['ignore', 'ignore', 'ignore'] }

testBesideOriginals('runc reads the states that this runtime has written', rooted, async () => {
  await using workshop = new Workshop()
  const id = await workshop.running((spec) => {
    spec.annotations = { key: 'value' }
  })
  const runc = (...args: string[]) => call('runc', ['--root', workshop.root, ...args])
  const { pid, bundle, rootfs } = await workshop.runtime.state(id)
  const state = JSON.parse(runc('state', id).stdout)
  assert.deepEqual(
    [state.id, state.pid, state.status, state.bundle, state.rootfs, state.annotations],
    [id, pid, 'running', bundle, rootfs, { key: 'value' }],
  )
  assert.match(runc('list').stdout, new RegExp(`^${id} +${pid} +running +${bundle} `, 'm'))
  assert.deepEqual(JSON.parse(runc('ps', '--format', 'json', id).stdout), [pid])
  assert.equal(runc('pause', id).status, 0)
  assert.equal((await workshop.runtime.state(id)).status, 'paused')
  assert.equal(runc('resume', id).status, 0)
  assert.equal(runc('kill', id, 'KILL').status, 0)
})

testBesideOriginals('calls to a running container end as those of runc do', rooted, async () => {
  await using workshop = new Workshop()
  const root = join(workshop.directory, 'runc')
  const runc = (...args: string[]) => call('runc', ['--root', root, ...args])
  const ours = (...args: string[]) => teu(workshop, args)
  const process = join(workshop.directory, 'process.json')
  writeFileSync(process, JSON.stringify({ args: ['id', '-u'], cwd: '/', user: { uid: 5, gid: 5 } }))
  const resources = join(workshop.directory, 'resources.json')
  writeFileSync(resources, JSON.stringify({ pids: { limit: 33 }, memory: { limit: 1 << 28 } }))
  call('runc', ['--root', root, 'run', '--detach', '--bundle', plain(workshop), 'c'], quiet)
  teu(workshop, ['run', '--detach', '--bundle', plain(workshop), 'c'], quiet)
  try {
    for (const line of [
      'exec c sh -c exit\\ 5',
      `exec --process ${process} c`,
      'exec --cwd /tmp c pwd',
      'exec -u 1000:1001 -g 7 c id -G',
      'exec --env A=b c sh -c echo\\ $A',
      'exec --env A c true',
      'exec --cwd /nope c true',
      'exec --apparmor nope c true',
      'exec --process-label nope c true',
      'exec c',
      'exec c nope',
      'exec c /etc/passwd',
      'update c',
      'update --memory 64m --memory-swap -1 --pids-limit 20 c',
      'update --memory nope c',
      'update --l3-cache-schema x c',
      'update --mem-bw-schema x c',
      `update --resources ${resources} c`,
      'update --resources /nope c',
      'pause c',
      'exec c true',
      'pause c',
      'resume c',
      'resume c',
      'start c',
      'ps -f nope c',
      'state c more',
      'list -f nope',
      'kill c FOO',
      'kill c 0',
      'delete c',
    ]) {
      const args = line.split(/(?<!\\) /).map((word) => word.replaceAll('\\ ', ' '))
      assert.deepEqual(comparable(ours(...args)), comparable(runc(...args)), line)
    }
  } finally {
    runc('delete', '--force', 'c')
  }
})

testBesideOriginals('what a kernel or a host lacks is refused in the words of runc', rooted, async () => {
  await using workshop = new Workshop()
  const notifies: LinuxSeccomp = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_NOTIFY' }],
  }
  const args = [{ index: 1, op: 'SCMP_CMP_EQ' as const, value: 5 }]
  const contradictory: LinuxSeccomp = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [
      { names: ['ioctl'], action: 'SCMP_ACT_LOG', args },
      { names: ['ioctl'], action: 'SCMP_ACT_ERRNO', args },
    ],
  }
  const changes: SpecChange[] = [
    (spec) => {
      spec.linux.seccomp = contradictory
    },
    (spec) => {
      spec.process.selinuxLabel = 'x'
    },
    (spec) => {
      spec.linux.seccomp = notifies
    },
    (spec) => {
      spec.linux.namespaces = spec.linux.namespaces?.filter(({ type }) => type !== 'mount') ?? []
    },
  ]
  // Only a kernel that has none of it refuses every profile.
  if (!existsSync('/sys/module/apparmor')) {
    changes.push((spec) => {
      spec.process.apparmorProfile = 'x'
    })
  }
  for (const change of changes) {
    const bundle = plain(workshop, change)
    const args = ['run', '--bundle', bundle, 'c']
    const theirs = call('runc', ['--root', join(workshop.directory, 'runc'), ...args])
    assert.deepEqual(comparable(teu(workshop, args)), comparable(theirs))
  }
})

function plain(workshop: Workshop, change: SpecChange = () => {}): string {
  return workshop.bundle(['sleep', '1000'], (spec) => {
    // runc 1.1 knows 1.0.
    spec.ociVersion = '1.0.2'
    change(spec)
  })
}

/** Status, output, and the last line of errors without what names a time or a program. */
function comparable({ status, stdout, stderr }: Result): object {
  const message = /msg=("(?:[^"\\]|\\.)*")\n$/.exec(stderr)?.[1]
  const text =
    message === undefined ? '' : (JSON.parse(message) as string).replace(/^(teu-runtime|runc) (run failed)/, '$2')
  return {
    status,
    stdout: stdout.replaceAll('runc', 'teu-runtime').replace(/NAME:[\s\S]*/, ''),
    text: text.replaceAll('runc', 'teu-runtime'),
  }
}
