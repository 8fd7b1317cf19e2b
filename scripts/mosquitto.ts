import { delimiter } from 'node:path';
import { findOnPath, installPackage } from './packages.ts';

/** The MQTT broker that tests forward to; Debian puts it where only root's PATH looks. */
export function mosquittoPath(path: string): string | null {
  return findOnPath('mosquitto', `${path}${delimiter}/usr/sbin${delimiter}/usr/local/sbin`);
}

/** Installs Debian's package where the broker is missing and we are root, and says so. */
export function ensureMosquitto(options: {
  readonly path: string;
  readonly say: (line: string) => void;
}): void {
  if (mosquittoPath(options.path) !== null || installPackage({ ...options, name: 'mosquitto' })) return;
  options.say(
    'mosquitto is missing and could not be installed: the tests that forward by MQTT fail and say so.',
  );
}
