// SPDX-License-Identifier: Apache-2.0
import type { ContainerSummary } from '@teu/engine-api'
import { familiarName, parseReference } from '@teu/oci-spec/distribution'
import { formatSize } from '../format/bytes.ts'
import { formatLocalTime, humanDuration } from '../format/duration.ts'
import type { ListShape } from '../format/list-format.ts'
import { ellipsis, joinLabels, shortId } from '../format/text.ts'
import { quote } from '../grammar/go-number.ts'
import { displayPorts } from './ports.ts'

const defaultTable = '{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}'

const raw = `container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
`

/** What the list of containers shows; `size` adds the sizes that the engine was asked for. */
export function containerShape({ truncate = true, size = false, now = Date.now() } = {}): ListShape<ContainerSummary> {
  return {
    typeName: '*formatter.ContainerContext',
    defaultTable: size ? `${defaultTable}\t{{.Size}}` : defaultTable,
    raw: size ? `${raw}size: {{.Size}}\n` : raw,
    titles: {
      ID: 'CONTAINER ID',
      Names: 'NAMES',
      Image: 'IMAGE',
      Command: 'COMMAND',
      CreatedAt: 'CREATED AT',
      RunningFor: 'CREATED',
      Ports: 'PORTS',
      State: 'STATE',
      Status: 'STATUS',
      Size: 'SIZE',
      Labels: 'LABELS',
      Mounts: 'MOUNTS',
      LocalVolumes: 'LOCAL VOLUMES',
      Networks: 'NETWORKS',
      Platform: 'PLATFORM',
    },
    row: (container) => rowOf(container, truncate, now),
  }
}

function rowOf(container: ContainerSummary, truncate: boolean, now: number): ReturnType<ListShape<never>['row']> {
  const { Id, Labels, Mounts, NetworkSettings } = container
  return {
    Command: () => quote(truncate ? ellipsis(container.Command, 20) : container.Command),
    CreatedAt: () => formatLocalTime(container.Created),
    ID: () => (truncate ? shortId(Id) : Id),
    Image: () => imageOf(container, truncate),
    Label: (name: unknown) => Labels?.[String(name)] ?? '',
    Labels: () => joinLabels(Labels),
    LocalVolumes: () => String((Mounts ?? []).filter(({ Driver }) => Driver === 'local').length),
    Mounts: () =>
      (Mounts ?? [])
        .map(({ Name, Source }) => Name || Source)
        .map((name) => (truncate ? ellipsis(name, 15) : name))
        .join(','),
    Names: () => namesOf(container, truncate),
    Networks: () => Object.keys(NetworkSettings?.Networks ?? {}).join(','),
    Platform: () => platformOf(container),
    Ports: () => displayPorts(container.Ports),
    RunningFor: () => `${humanDuration(now - container.Created * 1000)} ago`,
    Size: () => sizeOf(container),
    State: () => container.State,
    Status: () => container.Status,
  }
}

function imageOf({ Image, ImageID }: ContainerSummary, truncate: boolean): string {
  if (Image === '') return '<no image>'
  if (!truncate) return Image
  if (shortId(ImageID) === shortId(Image)) return shortId(Image)
  if (!Image.includes('@')) return Image
  try {
    const reference = parseReference(Image)
    return reference.tag === undefined ? familiarName(reference) : `${familiarName(reference)}:${reference.tag}`
  } catch {
    return Image
  }
}

function namesOf({ Names }: ContainerSummary, truncate: boolean): string {
  const names = (Names ?? []).map((name) => name.replace(/^\//, ''))
  const own = truncate ? names.find((name) => !name.includes('/')) : undefined
  return own ?? names.join(',')
}

function platformOf({ ImageManifestDescriptor }: ContainerSummary): unknown {
  return ImageManifestDescriptor?.platform ?? null
}

function sizeOf({ SizeRw = 0, SizeRootFs = 0 }: ContainerSummary): string {
  const own = formatSize(SizeRw, 3)
  return SizeRootFs > 0 ? `${own} (virtual ${formatSize(SizeRootFs, 3)})` : own
}

/** A container of no properties: what a template is tried on. */
export const noContainer: ContainerSummary = {
  Id: '',
  Names: [],
  Image: '',
  ImageID: '',
  Command: '',
  Created: 0,
  Ports: [],
  Labels: {},
  State: 'created',
  Status: '',
  HostConfig: { NetworkMode: '' },
  NetworkSettings: { Networks: {} },
  Mounts: [],
}
