// Preloaded into every stage that the demo starts: when the demo dies, however it dies, the stage stops as by SIGTERM.
const stop = () => process.kill(process.pid, 'SIGTERM');
process.on('disconnect', stop);
process.channel?.unref();
// The demo may be gone already; a stage that somebody else starts has no channel at all.
if (process.connected === false) stop();
