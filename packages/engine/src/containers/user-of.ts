// SPDX-License-Identifier: Apache-2.0
import { never } from '../clock.ts'
import { type ResolvedUser, resolveUser } from '../spec/user.ts'
import type { Container } from './container.ts'
import type { ContainerContext } from './context.ts'

/** How many lookups are remembered; they are small. */
const remembered = 1000

/**
 * The user that a container runs as, looked up in its own files. A container that never ran has the files of its
 * image, so the answer for an image is remembered: looking it up again would mount the root filesystem once more.
 */
export async function userOf(context: ContainerContext, container: Container): Promise<ResolvedUser> {
  const { config, hostConfig, image, state } = container.record
  const user = config.User ?? ''
  const groups = hostConfig.GroupAdd ?? []
  if (state.startedAt !== never) return lookUp(context, container.id, user, groups)
  const key = JSON.stringify([image.chainId, user, groups])
  const known = context.users.get(key)
  if (known) return known
  const found = await lookUp(context, container.id, user, groups)
  if (context.users.size >= remembered) context.users.clear()
  context.users.set(key, found)
  return found
}

/** A user as it stands in the files of a container now. */
export async function lookUp(
  context: Pick<ContainerContext, 'images'>,
  id: string,
  user: string,
  groups: readonly string[],
): Promise<ResolvedUser> {
  await using rootfs = await context.images.openRootfs(id)
  return await resolveUser(rootfs, user, groups)
}
