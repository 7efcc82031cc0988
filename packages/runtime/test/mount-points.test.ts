// SPDX-License-Identifier: Apache-2.0
// Mount points that an image has, lacks, or leads elsewhere.
import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Mount } from '@teu/oci-spec/runtime'
import { Canary } from './kit/canary.ts'
import { call } from './kit/program.ts'
import { rooted } from './kit/root.ts'
import { Workshop } from './kit/workshop.ts'

const tmpfs = (destination: string, ...options: string[]): Mount => ({
  destination,
  type: 'tmpfs',
  source: 'tmpfs',
  options,
})

test('a file is mounted where a dangling symlink leads, which is made inside the root', rooted, async () => {
  await using workshop = new Workshop()
  const canary = new Canary(workshop)
  const source = join(workshop.directory, 'resolv.conf')
  writeFileSync(source, 'nameserver 192.0.2.1\n')
  for (const [target, made] of [
    ['../run/systemd/resolve/stub-resolv.conf', 'run/systemd/resolve/stub-resolv.conf'],
    ['/run/resolv.conf', 'run/resolv.conf'],
    ['../../../../../run/./x//resolv.conf', 'run/x/resolv.conf'],
    [`${canary.path}/new`, join(canary.path, 'new').slice(1)],
  ] as const) {
    const bundle = workshop.bundle(['cat', '/etc/resolv.conf', `/${made}`], (spec) => {
      spec.mounts.push({ destination: '/etc/resolv.conf', type: 'bind', source, options: ['bind', 'ro'] })
    })
    const link = join(bundle, 'rootfs/etc/resolv.conf')
    symlinkSync(target, link)
    const { output } = await workshop.runBundle(bundle)
    assert.equal(output, 'nameserver 192.0.2.1\n'.repeat(2), target)
    assert.ok(lstatSync(link).isSymbolicLink())
    assert.ok(statSync(join(bundle, 'rootfs', made)).isFile())
    canary.verify(output)
  }
})

test('a directory is mounted where a chain of dangling symlinks leads', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['sh', '-c', 'touch /a/inside && ls /x/y'], (spec) => {
    spec.mounts.push(tmpfs('/a'))
  })
  const root = join(bundle, 'rootfs')
  symlinkSync('b/../c', join(root, 'a'))
  symlinkSync('/x/y', join(root, 'c'))
  mkdirSync(join(root, 'x'))
  symlinkSync('y2/z', join(root, 'x/y'))
  assert.equal((await workshop.runBundle(bundle)).output, 'inside\n')
  assert.ok(existsSync(join(root, 'x/y2/z')))
})

test('symlinks that lead through thousands of missing directories need no more of the stack', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['true'], (spec) => {
    spec.mounts.push(tmpfs('/l0/end'))
  })
  const root = join(bundle, 'rootfs')
  for (let index = 0; index < 39; index++) {
    const way = `${`m${index}/`.repeat(500)}${'../'.repeat(500)}`
    symlinkSync(`${way}${index === 38 ? 'last' : `l${index + 1}`}`, join(root, `l${index}`))
  }
  try {
    assert.equal((await workshop.runBundle(bundle)).exitCode, 0)
    assert.ok(existsSync(join(root, 'last/end')))
  } finally {
    // Deeper than a path may be long.
    call('rm', ['-rf', root])
  }
})

test('symlinks in a circle, or too many of them, are an error that says so', rooted, async () => {
  await using workshop = new Workshop()
  for (const count of [1, 60]) {
    const bundle = workshop.bundle(['true'], (spec) => {
      spec.mounts.push(tmpfs('/l0'))
    })
    const next = (index: number) => (count === 1 ? 'm/../l0' : `m${index}/../l${index + 1}`)
    for (let index = 0; index < count; index++) symlinkSync(next(index), join(bundle, 'rootfs', `l${index}`))
    await assert.rejects(
      workshop.runBundle(bundle),
      /create mountpoint for \/l0 mount: too many levels of symbolic links/,
    )
  }
})

test('a tmpfs has the mode of the directory that it covers, unless it is told another', rooted, async () => {
  await using workshop = new Workshop()
  const bundle = workshop.bundle(['stat', '-c', '%n %a', '/kept', '/sticky', '/told', '/new'], (spec) => {
    spec.root.readonly = false
    spec.mounts.push(
      tmpfs('/kept', 'size=64k'),
      tmpfs('/sticky'),
      tmpfs('/told', 'size=64k', 'mode=711'),
      tmpfs('/new'),
    )
  })
  for (const [name, mode] of [
    ['kept', 0o750],
    ['sticky', 0o1770],
    ['told', 0o700],
  ] as const) {
    mkdirSync(join(bundle, 'rootfs', name))
    chmodSync(join(bundle, 'rootfs', name), mode)
  }
  assert.equal((await workshop.runBundle(bundle)).output, '/kept 750\n/sticky 1770\n/told 711\n/new 1777\n')
})

test('an /etc/passwd that is too large, no file, or without an end names no home', rooted, async () => {
  await using workshop = new Workshop()
  const entry = 'root:x:0:0:root:/chosen:/bin/sh\n'
  const makers: [what: string, home: string, make: (path: string) => void][] = [
    ['small', '/chosen', () => {}],
    ['larger than 10 MiB', '/', (path) => truncateSync(path, (10 << 20) + 1)],
    ['a fifo', '/', (path) => void call('sh', ['-c', `rm ${path} && mkfifo ${path}`])],
    ['a directory', '/', (path) => void call('sh', ['-c', `rm ${path} && mkdir ${path}`])],
    ['a device without an end', '/', (path) => void call('sh', ['-c', `rm ${path} && mknod ${path} c 1 5`])],
  ]
  for (const [what, home, make] of makers) {
    const bundle = workshop.bundle(['sh', '-c', 'echo $HOME'])
    const path = join(bundle, 'rootfs/etc/passwd')
    writeFileSync(path, entry)
    make(path)
    assert.equal((await workshop.runBundle(bundle)).output, `${home}\n`, what)
  }
})
