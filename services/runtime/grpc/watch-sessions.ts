import type { Http2Server, ServerHttp2Session } from 'node:http2';

const SWEEP_MS = 15_000;
/** A connection without a call for so long is closed; hotspots connect for a call. */
const IDLE_MS = 60_000;
/** A peer that answers no ping for so long is gone: it was unplugged, and TCP has not noticed. */
const SILENT_MS = 60_000;
/** For the last trailers to leave. */
const CLOSE_MS = 200;

interface Watched {
  streams: number;
  idleSince: number;
  heardAt: number;
}

/** Closes connections that carry nothing or answer nothing, and all of them at the end. */
export function watchSessions(server: Http2Server): { close(): Promise<void> } {
  const sessions = new Map<ServerHttp2Session, Watched>();
  server.on('session', (session) => {
    const now = performance.now();
    const watched: Watched = { streams: 0, idleSince: now, heardAt: now };
    sessions.set(session, watched);
    session.on('error', () => undefined);
    session.on('close', () => sessions.delete(session));
    session.on('stream', (stream) => {
      watched.streams += 1;
      stream.once('close', () => {
        watched.streams -= 1;
        watched.idleSince = performance.now();
      });
    });
  });

  let sweptAt = performance.now();
  const sweep = setInterval(() => {
    const now = performance.now();
    // After a pause of this process nobody could be heard: that says nothing about the peers.
    if (now - sweptAt > 2 * SWEEP_MS)
      for (const watched of sessions.values()) {
        watched.heardAt = now;
        watched.idleSince = now;
      }
    sweptAt = now;
    for (const [session, watched] of sessions) {
      if (now - watched.heardAt > SILENT_MS || (watched.streams === 0 && now - watched.idleSince > IDLE_MS))
        session.destroy();
      else if (!session.destroyed)
        session.ping((error) => {
          if (error === null) watched.heardAt = performance.now();
        });
    }
  }, SWEEP_MS).unref();

  return {
    close: async () => {
      clearInterval(sweep);
      await Promise.all(Array.from(sessions.keys(), closeSession));
    },
  };
}

function closeSession(session: ServerHttp2Session): Promise<void> {
  return new Promise((resolve) => {
    if (session.destroyed) {
      resolve();
      return;
    }
    const timer = setTimeout(() => {
      session.destroy();
    }, CLOSE_MS);
    session.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    session.close();
  });
}
