// Preloaded into every stage that the demo starts: when the demo dies, however it dies, the stage stops as by SIGTERM.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
