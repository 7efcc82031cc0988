// SPDX-License-Identifier: Apache-2.0
// Debian's dockerd with `--add-runtime teu=…`: every case has the same outcome with runc, with our runtime under the
// original shim, and with our shim in its place.
import { mkdirSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { type DockerCase, dockerCases, noMkdir } from './harness/docker-cases.ts'
import { type Column, difference, withColumns } from './harness/docker-columns.ts'
import { docker } from './harness/originals.ts'
import { type Sandbox, sandboxTest } from './harness/sandbox.ts'

async function outcome(sandbox: Sandbox, { socket, runtime }: Column, { flags, runs }: DockerCase) {
  const network = flags.includes('--network') ? [] : ['--network', 'none']
  const command = typeof runs === 'string' ? ['sh', '-c', runs] : runs
  const { status, stdout, stderr } = await docker(
    sandbox,
    socket,
    ...['run', '--rm', '--runtime', runtime, ...network, ...flags, 'busybox', ...command],
  )
  return { status, text: plain(stdout + stderr) }
}

/** Without what differs from run to run, and the name that a runtime gives itself in an error. */
function plain(text: string): string {
  return (
    text
      .replaceAll(/[0-9a-f]{64}/g, 'ID64')
      .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID12')
      .replaceAll(/\/tmp\/te-\w+\/d[12]-data/g, 'DATA')
      .replaceAll(/overlay2\/l\/[A-Z0-9]{26}/g, 'overlay2/l/LINK')
      // runc before 1.2 leaves the root a slave of the host's mount, which has a number.
      .replaceAll(/ master:\d+ - overlay/g, ' - overlay')
      // The tmpfs of a mask has room for nothing, since runc 1.3.
      .replaceAll(/(ro,relatime - tmpfs tmpfs ro)(,\S+)?/g, '$1')
      .replaceAll(/ \(via \/proc\/self\/fd\/\d+\), flags: 0x\w+:/g, ':')
      .replaceAll(/(OCI runtime create failed: )((runc|teu-runtime) create failed: )?/g, '$1')
  )
}

/**
 * The originals leave the tmpfs above the v1 hierarchies writable although dockerd asks for `ro` unless the container is
 * privileged: runc since 1.0.0-rc93, which had it before. Ours has every mount there as it was asked for.
 */
function asAsked({ flags }: DockerCase, text: string): string {
  if (flags.includes('--privileged')) return text
  return text.replaceAll(/^(\/sys\/fs\/cgroup )rw(,\S+ - tmpfs)/gm, '$1ro$2')
}

sandboxTest('docker run, flag by flag', async (sandbox) => {
  mkdirSync(sandbox.path('data'))
  writeFileSync(sandbox.path('seccomp.json'), JSON.stringify(noMkdir))
  await sandbox.output('mknod', ['-m', '644', sandbox.path('device'), 'c', '10', '250'])
  const cases = Object.entries(dockerCases(sandbox.directory)).values()
  await withColumns(sandbox, async (columns) => {
    const failures: string[] = []
    // Most of a case is waiting for disks and daemons: three lines of them take turns.
    const line = async () => {
      for (const [name, row] of cases) failures.push(...(await compare(sandbox, columns, name, row)))
    }
    await Promise.all([line(), line(), line()])
    if (failures.length > 0) throw new Error(failures.join('\n'))
  })
})

/** What is wrong with one case: of the original, which does not show what it is there for, and of those that differ from it. */
async function compare(sandbox: Sandbox, columns: Column[], name: string, row: DockerCase): Promise<string[]> {
  const [original, ...outcomes] = await Promise.all(columns.map((column) => outcome(sandbox, column, row)))
  if (original === undefined) throw new Error('no column')
  const expected = { ...original, text: asAsked(row, original.text) }
  const failures: string[] = []
  const { status = 0 } = row
  if ((status !== 'any' && expected.status !== status) || !row.shows.test(expected.text))
    failures.push(`${name}: the original ends with ${expected.status}:\n${expected.text}`)
  for (const [index, found] of outcomes.entries())
    if (!isDeepStrictEqual(found, expected))
      failures.push(
        `${name}: ${columns[index + 1]?.name}: ${found.status}, not ${expected.status}:\n${difference(expected.text, found.text)}`,
      )
  return failures
}
