// SPDX-License-Identifier: Apache-2.0
import { copyFile, link, mkdir } from 'node:fs/promises'
import path from 'node:path'

/** A static program that is both `sh` and its tools, where nothing else is named. */
export const defaultBusybox = '/bin/busybox'

const applets = ['busybox', 'sleep', 'cat', 'echo', 'true', 'stty', 'dd', 'wc', 'sha256sum', 'hostname', 'kill']

/** Fills a folder with what a container of the suites needs: folders to mount on, and busybox as `sh` and its tools. */
export async function fillRoot(root: string, busybox: string): Promise<void> {
  for (const folder of ['bin', 'proc', 'sys', 'dev', 'tmp', 'etc'])
    await mkdir(path.join(root, folder), { recursive: true })
  await copyFile(busybox, path.join(root, 'bin/sh'))
  for (const applet of applets) await link(path.join(root, 'bin/sh'), path.join(root, 'bin', applet))
}
