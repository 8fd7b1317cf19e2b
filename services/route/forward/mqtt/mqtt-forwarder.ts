import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { MqttClient } from 'mqtt';
import type { HotspotKey } from '#protocol/units';
import type { DownlinkOutcome } from '#services/route/downlinks/downlink';
import type { Uplink } from '#services/route/uplinks/uplink';
import type { ForwardContext, Forwarder } from '../forwarder.ts';
import { gatewayEui } from '../gateway-eui.ts';
import { guardedLookup, hostOf, requireTargetUrl } from '../target.ts';
import { openWaitingList } from '../waiting-list.ts';
import { connState, downlinkOf, downlinkTxAck, parseDownlinkFrame, uplinkFrame } from './chirpstack-json.ts';

/** A broker to which a network server with ChirpStack's topics listens. */
export interface MqttTarget {
  readonly url: string;
  readonly username: string | null;
  readonly password: string | null;
  /** Of all topics, such as `eu868`; empty: none. */
  readonly prefix: string;
}

const MAX_WAITING = 1000;
/** Published and not acknowledged yet. */
const MAX_IN_FLIGHT = 32;
/** A broker could send a message of 256 MiB, which would be held until it is whole. */
const MAX_MESSAGE_BYTES = 262_144;
/** Hotspots of which a route's server knows that they are there, and through which it may send. */
const MAX_GATEWAYS = 4096;

/** The topics and JSON of ChirpStack's gateway bridge, for every hotspot that hears the route's devices. */
export function openMqttForwarder(options: {
  readonly target: MqttTarget;
  readonly context: ForwardContext;
  readonly maxWaiting?: number;
  readonly reconnectMs?: number;
}): Forwarder {
  const { target, context, maxWaiting = MAX_WAITING, reconnectMs = 5000 } = options;
  const url = requireTargetUrl(target.url, { ...context.rules, schemes: ['mqtt:', 'mqtts:'] });
  const base = target.prefix === '' ? 'gateway' : `${target.prefix}/gateway`;
  const waiting = openWaitingList<Uplink>(maxWaiting);
  const gateways = new Map<string, HotspotKey>();
  let inFlight = 0;
  let failing = false;
  /** Bytes since the last message of the broker was whole. */
  let unread = 0;

  const connectBounded = (): Socket => {
    unread = 0;
    const socket = connectTo(url, context);
    socket.on('data', (part: Buffer) => {
      unread += part.length;
      if (unread <= MAX_MESSAGE_BYTES || socket.destroyed) return;
      context.count('malformed');
      socket.destroy();
    });
    return socket;
  };
  const client = new MqttClient(connectBounded, {
    ...(target.username === null ? {} : { username: target.username }),
    ...(target.password === null ? {} : { password: target.password }),
    protocolVersion: 4,
    reconnectPeriod: reconnectMs,
    connectTimeout: 10_000,
    keepalive: 30,
    queueQoSZero: false,
    resubscribe: false,
  });
  const quietly = (topic: string, message: string, retain = false): void => {
    if (client.connected) client.publish(topic, message, { qos: retain ? 1 : 0, retain }, () => undefined);
  };
  const announce = (eui: string, hotspot: HotspotKey): void => {
    const known = gateways.delete(eui);
    gateways.set(eui, hotspot);
    if (!known) quietly(`${base}/${eui}/state/conn`, connState(eui, 'ONLINE'), true);
    if (gateways.size <= MAX_GATEWAYS) return;
    const [oldest] = gateways.keys();
    if (oldest === undefined) return;
    gateways.delete(oldest);
    quietly(`${base}/${oldest}/state/conn`, connState(oldest, 'OFFLINE'), true);
  };
  const pump = (): void => {
    while (client.connected && inFlight < MAX_IN_FLIGHT) {
      const uplink = waiting.shift();
      if (uplink === undefined) return;
      const eui = gatewayEui(uplink.hotspot);
      announce(eui, uplink.hotspot);
      inFlight += 1;
      client.publish(`${base}/${eui}/event/up`, uplinkFrame(eui, uplink), { qos: 1 }, (error) => {
        inFlight -= 1;
        context.count(error == null ? 'sent' : 'failed');
        pump();
      });
    }
  };
  const command = (topic: string, json: string): void => {
    const eui = topic.slice(base.length + 1).split('/')[0] ?? '';
    const parsed = parseDownlinkFrame(json);
    if (parsed === null) {
      context.count('malformed');
      return;
    }
    const hotspot = gateways.get(eui);
    const found = hotspot === undefined ? null : downlinkOf(parsed, hotspot);
    const outcome: DownlinkOutcome =
      hotspot === undefined
        ? 'hotspot_gone'
        : found === null
          ? 'malformed'
          : context.sendDownlink(found.downlink);
    const outcomes = parsed.items.map((item, place) => {
      if ('refused' in item) return item.refused;
      // A second window is tried by the hotspot itself.
      return outcome === 'sent' && place !== found?.place ? null : outcome;
    });
    quietly(`${base}/${eui}/event/ack`, downlinkTxAck(eui, parsed, outcomes));
  };
  client.on('connect', () => {
    failing = false;
    client.subscribe(`${base}/+/command/down`, { qos: 0 }, () => undefined);
    for (const eui of gateways.keys()) quietly(`${base}/${eui}/state/conn`, connState(eui, 'ONLINE'), true);
    pump();
  });
  client.on('packetreceive', () => {
    unread = 0;
  });
  client.on('message', (topic, payload) => {
    command(topic, payload.toString('utf8'));
  });
  client.on('error', (error) => {
    context.count('failed');
    if (!failing)
      context.logger.debug({ error, ...context.of }, 'an MQTT target cannot be reached; trying again');
    failing = true;
  });
  return {
    forward: (uplink) => {
      if (!waiting.push(uplink)) context.count('dropped');
      pump();
    },
    close: async () => {
      for (const eui of gateways.keys())
        quietly(`${base}/${eui}/state/conn`, connState(eui, 'OFFLINE'), true);
      // Forced where the broker is gone: nobody would acknowledge what is under way.
      await client.endAsync(!client.connected).catch(() => undefined);
    },
  };
}

function connectTo(url: URL, { rules }: ForwardContext): Socket {
  const host = hostOf(url);
  const secure = url.protocol === 'mqtts:';
  const port = url.port === '' ? (secure ? 8883 : 1883) : Number(url.port);
  const place = { host, port, lookup: guardedLookup(rules) };
  return secure ? connectTls({ ...place, servername: host }) : connectTcp(place);
}
