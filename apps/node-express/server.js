import express from 'express';

const PORT = 8080;

express()
  .get('/', (_request, response) => response.send('Nabla!'))
  .listen(PORT, () => console.log(`listening on port ${PORT}`));
