// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util'
import type { DockerCase } from './docker-cases.ts'
import { type Column, Docker } from './docker-columns.ts'
import { docker } from './originals.ts'
import type { Sandbox } from './sandbox.ts'

/** Something done to containers of one column; what it answers must be the same in all columns. */
export type Walk = (docker: Docker) => Promise<unknown>

/** Runs every case in all columns; what is wrong. */
export async function compareCases(
  sandbox: Sandbox,
  columns: Column[],
  cases: Record<string, DockerCase>,
): Promise<string[]> {
  return inLines(3, cases, (name, row) => compareCase(sandbox, columns, name, row))
}

/** Goes every walk in all columns; what is wrong. */
export async function compareWalks(
  sandbox: Sandbox,
  columns: Column[],
  walks: Record<string, Walk>,
): Promise<string[]> {
  return inLines(2, walks, (name, walk) => compareWalk(sandbox, columns, name, walk))
}

/** Compares `count` rows at a time, most of which is waiting for disks and daemons; what is wrong. */
async function inLines<T>(
  count: number,
  rows: Record<string, T>,
  compare: (name: string, row: T) => Promise<string[]>,
): Promise<string[]> {
  const failures: string[] = []
  const entries = Object.entries(rows).values()
  const line = async () => {
    for (const [name, row] of entries) failures.push(...(await compare(name, row)))
  }
  await Promise.all(Array.from({ length: count }, line))
  return failures
}

async function compareWalk(sandbox: Sandbox, columns: Column[], name: string, walk: Walk): Promise<string[]> {
  const answers = columns.map(async (column) => {
    try {
      return await walk(new Docker(sandbox, column))
    } catch (error) {
      return error
    }
  })
  return compareAnswers(columns, name, await Promise.all(answers))
}

/** What is wrong: a column whose answer is an error, or one whose answer is not that of the first. */
export function compareAnswers(
  columns: readonly { name: string }[],
  name: string,
  answers: readonly unknown[],
): string[] {
  const told = answers.map((answer) => (answer instanceof Error ? answer : JSON.stringify(answer, null, 1)))
  const [original] = told
  const failures: string[] = []
  for (const [index, found] of told.entries()) {
    const who = `${name}: ${columns[index]?.name}`
    if (found instanceof Error) failures.push(`${who}: ${found.message}`)
    else if (typeof original === 'string' && found !== original)
      failures.push(`${who}:\n${difference(original, found ?? '')}`)
  }
  return failures
}

/** What is wrong with one case: of the original, which does not show what it is there for, and of those that differ from it. */
async function compareCase(sandbox: Sandbox, columns: Column[], name: string, row: DockerCase): Promise<string[]> {
  const [original, ...outcomes] = await Promise.all(columns.map((column) => outcome(sandbox, column, row)))
  if (original === undefined) throw new Error('no column')
  const expected = { ...original, text: asAsked(original.text) }
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
      .replaceAll(/(error creating device nodes: mount [^:]+):DATA[^:]+/g, '$1')
      .replaceAll(/(OCI runtime create failed: )((runc|teu-runtime) create failed: )?/g, '$1')
  )
}

/**
 * The originals leave the tmpfs above the v1 hierarchies writable although dockerd asks for `ro`: runc since 1.0.0-rc93,
 * which had it before. Ours has every mount there as it was asked for.
 */
function asAsked(text: string): string {
  if (!/^\/sys\/fs\/cgroup\/memory ro,/m.test(text)) return text
  return text.replaceAll(/^(\/sys\/fs\/cgroup )rw(,\S+ - tmpfs)/gm, '$1ro$2')
}

/** The lines that only one side has, or from where on their order is another. */
function difference(expected: string, found: string): string {
  const [theirs, ours] = [expected.split('\n'), found.split('\n')]
  const only = [
    ...theirs.filter((line) => !ours.includes(line)).map((line) => `- ${line}`),
    ...ours.filter((line) => !theirs.includes(line)).map((line) => `+ ${line}`),
  ]
  if (only.length > 0) return only.join('\n')
  const from = theirs.findIndex((line, index) => line !== ours[index])
  return `in another order:\n${theirs.slice(from).join('\n')}\nis\n${ours.slice(from).join('\n')}`
}
