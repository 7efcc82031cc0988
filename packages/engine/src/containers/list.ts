// SPDX-License-Identifier: Apache-2.0
import { type ContainerSummary, checkFilters, type Filters, matchesLabels } from '@teu/engine-api'
import { isNotFound, StackError } from '@teu/errors'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'
import { networkSettingsOf } from './inspect.ts'
import { summaryOf } from './summary.ts'

/** Names of filters that the list takes. */
const accepted = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'isolation',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
] as const

/** Which containers to list, and what of them. */
export interface ListOptions {
  all: boolean
  /** The newest so many, running or not; undefined or less than one for all. */
  limit?: number | undefined
  size: boolean
  filters: Filters
  /** References of containers that bound the list in time. */
  since?: string | undefined
  before?: string | undefined
}

/** Containers that match, newest first. `invalid-argument` for filters that do not exist or cannot be read. */
export async function listContainers(context: ContainerContext, options: ListOptions): Promise<ContainerSummary[]> {
  const { filters, limit = 0 } = options
  checkFilters(filters, accepted)
  const test = await containerFilter(context, filters)
  const sorted = [...context.containers].sort((a, b) => (a.record.createdAt < b.record.createdAt ? 1 : -1))
  const bounded = between(context, sorted, options)
  const everything = options.all || limit > 0 || Boolean(filters['status']?.length || filters['exited']?.length)
  const found = bounded.filter((container) => (everything || container.hasProcess) && test(container))
  const now = Date.now()
  const summaries = (limit > 0 ? found.slice(0, limit) : found).map((container) => ({
    container,
    summary: summaryOf(container, networkSettingsOf(context, container), now),
  }))
  if (!options.size) return summaries.map(({ summary }) => summary)
  const sized = await Promise.all(summaries.map((row) => withSizes(context, row.container, row.summary)))
  return sized.filter((summary) => summary !== undefined)
}

/** A summary with sizes; undefined for a container that is removed meanwhile. */
async function withSizes(
  context: ContainerContext,
  container: Container,
  summary: ContainerSummary,
): Promise<ContainerSummary | undefined> {
  try {
    const { writable, total } = await context.images.rootfsSizes(container.id)
    return { ...summary, SizeRw: writable, SizeRootFs: total }
  } catch (error) {
    const removed = context.containers.byId(container.id) === undefined || container.status === 'removing'
    if (removed || container.status === 'dead') return undefined
    throw error
  }
}

/** `since` and `before` as filters or as old query keys; a container that does not exist is `not-found`. */
function between(context: ContainerContext, sorted: Container[], options: ListOptions): Container[] {
  const { filters } = options
  const since = [filters['since']?.[0], options.since]
    .filter(Boolean)
    .map((ref) => context.containers.find(ref as string))
  const before = [filters['before']?.[0], options.before]
    .filter(Boolean)
    .map((ref) => context.containers.find(ref as string))
  return sorted.filter(
    ({ record }) =>
      since.every((other) => record.createdAt > other.record.createdAt) &&
      before.every((other) => record.createdAt < other.record.createdAt),
  )
}

async function containerFilter(
  context: ContainerContext,
  filters: Filters,
): Promise<(container: Container) => boolean> {
  checkValues(filters)
  const ancestors = await resolveAncestors(context, filters['ancestor'])
  const any = (name: string, test: (value: string) => boolean) => {
    const values = filters[name]
    return values === undefined || values.length === 0 || values.some(test)
  }
  return (container) => {
    const { record, id, name } = container
    const ports = Object.keys(record.hostConfig.PortBindings ?? {})
    const exposed = Object.keys(record.config.ExposedPorts ?? {})
    return (
      any('id', (value) => id.startsWith(value) || id.includes(value)) &&
      any('name', (value) => matchesName(value, name)) &&
      any('status', (value) => container.status === value) &&
      any('exited', (value) => container.status === 'exited' && record.state.exitCode === Number(value)) &&
      any('health', (value) => value === 'none') &&
      any('is-task', (value) => value === 'false' || value === '0') &&
      any('isolation', (value) => value === '' || value === 'default') &&
      any('ancestor', (value) => ancestors.get(value)?.has(record.image.id) ?? false) &&
      any('network', (value) => hasNetwork(context, container, value)) &&
      any('volume', (value) => record.mounts.some((mount) => mount.Name === value || mount.Destination === value)) &&
      any('publish', (value) => ports.some((port) => matchesPort(value, port))) &&
      any('expose', (value) => [...exposed, ...ports].some((port) => matchesPort(value, port))) &&
      matchesLabels(filters['label'], record.config.Labels ?? {})
    )
  }
}

function checkValues(filters: Filters): void {
  const statuses = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead']
  for (const value of filters['status'] ?? []) {
    if (!statuses.includes(value)) throw invalidFilter('status', value)
  }
  for (const value of filters['exited'] ?? []) if (!/^-?\d{1,10}$/.test(value)) throw invalidFilter('exited', value)
}

function invalidFilter(name: string, value: string): StackError {
  return new StackError('invalid-argument', `invalid filter '${name}=${value}'`)
}

/** The ids that each `ancestor` stands for; one that does not exist matches nothing. */
async function resolveAncestors(context: ContainerContext, references: readonly string[] = []) {
  const found = new Map<string, Set<string>>()
  for (const reference of references) {
    try {
      found.set(reference, new Set([(await context.images.resolve(reference)).id]))
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
  return found
}

/** Names are matched by what they contain, or by an anchored pattern with `^` and `$`, without running a regex. */
function matchesName(value: string, name: string): boolean {
  const start = value.startsWith('^')
  const end = value.endsWith('$')
  const text = value.slice(start ? 1 : 0, end ? -1 : undefined).replace(/^\//, '')
  if (start && end) return name === text
  if (start) return name.startsWith(text)
  if (end) return name.endsWith(text)
  return name.includes(text)
}

function hasNetwork(context: ContainerContext, container: Container, value: string): boolean {
  const { Networks } = networkSettingsOf(context, container)
  return Object.entries(Networks).some(([name, endpoint]) => name === value || endpoint.NetworkID?.startsWith(value))
}

/** `80`, `80/udp`, `80-90/tcp`: whether a port lies in it. */
function matchesPort(value: string, port: string): boolean {
  const [wanted = '', wantedProtocol = 'tcp'] = value.split('/')
  const [number = '', protocol = 'tcp'] = port.split('/')
  const [low = '', high = low] = wanted.split('-')
  return wantedProtocol === protocol && Number(number) >= Number(low) && Number(number) <= Number(high)
}
