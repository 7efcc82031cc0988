// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mount, unmount } from '@teu/linux'
import { rooted } from './kit/root.ts'
import { type SpecChange, Workshop } from './kit/workshop.ts'

const mappings = {
  uidMappings: [{ containerID: 1000, hostID: 2000, size: 10 }],
  gidMappings: [{ containerID: 1000, hostID: 3000, size: 10 }],
}

const onMappable = { ...rooted, skip: rooted.skip || (await withoutMappings()) }

test('a mapped mount shows ids by its own mappings, both ways', onMappable, async () => {
  await using workshop = new Workshop()
  const source = ownedDirectory(workshop)
  const { output } = await workshop.run(
    ['sh', '-c', 'stat -c %u:%g /m/file; touch /m/made && stat -c %u:%g /m/made'],
    (spec) => {
      spec.process.user = { uid: 2001, gid: 3001 }
      spec.mounts.push({ destination: '/m', type: 'bind', source, options: ['bind'], ...mappings })
    },
  )
  assert.equal(output, '2000:3000\n2001:3001\n')
  const made = statSync(join(source, 'made'))
  assert.deepEqual([made.uid, made.gid], [1001, 1001])
})

test('idmap without mappings takes those of the user namespace, new or joined', onMappable, async () => {
  await using workshop = new Workshop()
  const source = join(workshop.directory, 'source')
  mkdirSync(source)
  writeFileSync(join(source, 'file'), '')
  const read = async (change: SpecChange) =>
    (
      await workshop.run(['stat', '-c', '%u:%g', '/tmp/file'], (spec) => {
        change(spec)
        spec.mounts.push({ destination: '/tmp', source, options: ['bind', 'idmap'] })
      })
    ).output
  // A file of the host's root is one of the container's root then, though nobody else is mapped to it.
  assert.equal(await read(intoUserNamespace), '0:0\n')
  const id = await workshop.running(intoUserNamespace)
  const { pid } = await workshop.runtime.state(id)
  const joined = await read((spec) => {
    spec.linux.namespaces?.push({ type: 'user', path: `/proc/${pid}/ns/user` })
  })
  assert.equal(joined, '0:0\n')
})

test('idmap maps one mount, ridmap those below it too', onMappable, async () => {
  await using workshop = new Workshop()
  const source = ownedDirectory(workshop)
  const below = join(source, 'below')
  mkdirSync(below)
  mount({ source: 'tmpfs', target: below, type: 'tmpfs' })
  try {
    writeFileSync(join(below, 'file'), '')
    chownSync(join(below, 'file'), 1000, 1000)
    const read = async (option: string) =>
      (
        await workshop.run(['stat', '-c', '%u', '/m/file', '/m/below/file'], (spec) => {
          spec.mounts.push({ destination: '/m', type: 'bind', source, options: ['rbind', option], ...mappings })
        })
      ).output
    assert.equal(await read('idmap'), '2000\n1000\n')
    assert.equal(await read('ridmap'), '2000\n2000\n')
  } finally {
    unmount(below)
  }
})

test('mappings that the kernel refuses are an error, and leave nothing', rooted, async () => {
  await using workshop = new Workshop()
  const source = ownedDirectory(workshop)
  const refused = workshop.run(['true'], (spec) => {
    const twice = { containerID: 0, hostID: 5, size: 2 }
    const bad = { uidMappings: [twice, twice], gidMappings: [twice] }
    spec.mounts.push({ destination: '/m', type: 'bind', source, options: ['bind'], ...bad })
  })
  await assert.rejects(refused, /write the uid map of the mount: invalid argument/)
})

/** Which file systems can be mapped depends on the kernel: tmpfs can be from Linux 6.3 on. */
async function withoutMappings(): Promise<string | false> {
  if (rooted.skip) return false
  await using workshop = new Workshop()
  const source = ownedDirectory(workshop)
  try {
    await workshop.run(['true'], (spec) => {
      spec.mounts.push({ destination: '/m', type: 'bind', source, options: ['bind'], ...mappings })
    })
    return false
  } catch (error) {
    assert.match((error as Error).message, /id-mapped mount \(this file system may have none on this kernel\)/)
    return 'needs id-mapped mounts of the file system of temporary files'
  }
}

function ownedDirectory(workshop: Workshop): string {
  const source = join(workshop.directory, 'source')
  mkdirSync(source)
  writeFileSync(join(source, 'file'), '')
  for (const path of [source, join(source, 'file')]) chownSync(path, 1000, 1000)
  chmodSync(source, 0o777)
  return source
}

function intoUserNamespace(spec: Parameters<SpecChange>[0]): void {
  spec.linux.namespaces?.push({ type: 'user' })
  spec.linux.uidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }]
  spec.linux.gidMappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }]
}
