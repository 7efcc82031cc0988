// SPDX-License-Identifier: Apache-2.0
import { type ContainerConfig, compareApiVersions, type ImageInspect, type ImageSummary } from '@teu/engine-api'

/** The container's fields that an image's config had before 1.50, whether the image set them or not. */
const paddedConfig: Partial<ContainerConfig> = {
  Hostname: '',
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: [],
  Cmd: null,
  Image: '',
  Volumes: null,
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: {},
}

/** A row of the list in the shape of an API version. */
export function summaryIn(version: string, { Descriptor, ...image }: ImageSummary): object {
  const older = (than: string) => compareApiVersions(version, than) < 0
  const nameless = image.RepoTags.length === 0 && image.RepoDigests.length === 0
  return {
    ...image,
    // Clients of these versions know the count from `/system/df` alone.
    Containers: -1,
    ...(older('1.43') && nameless ? { RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'] } : {}),
    ...(older('1.44') ? { VirtualSize: image.Size } : {}),
    ...(older('1.48') ? {} : { Descriptor }),
  }
}

/** The answer to an inspect in the shape of an API version. */
export function inspectIn(version: string, { Descriptor, Config, ...image }: ImageInspect): object {
  const older = (than: string) => compareApiVersions(version, than) < 0
  return {
    ...image,
    Config: older('1.50') ? { ...paddedConfig, ...Config } : Config,
    ...(older('1.44') ? { VirtualSize: image.Size, Created: image.Created ?? '0001-01-01T00:00:00Z' } : {}),
    ...(older('1.45') ? { Container: '', ContainerConfig: null } : {}),
    ...(older('1.48') ? {} : { Descriptor }),
  }
}
