# One image for every stage; the command says which one runs.
FROM node:20-bookworm-slim
WORKDIR /coverant
RUN chown node:node /coverant && mkdir /data && chown node:node /data
USER node
COPY --chown=node:node package.json pnpm-lock.yaml .npmrc ./
RUN npx -y pnpm@10 install --frozen-lockfile --ignore-scripts --prod
COPY --chown=node:node programs/coverage/coverage.so programs/coverage/idl.json programs/coverage/program-keypair.json programs/coverage/
COPY --chown=node:node programs-client programs-client
COPY --chown=node:node protocol protocol
COPY --chown=node:node services services
COPY --chown=node:node scripts scripts
COPY --chown=node:node web web
ENV DATA_DIR=/data HOST=0.0.0.0 NODE_ENV=production
VOLUME /data
ENTRYPOINT ["node", "--import", "tsx"]
