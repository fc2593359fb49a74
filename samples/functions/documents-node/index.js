// Serves documents. Vulnerable on purpose: the name may leave the folder.
'use strict';
const fs = require('fs');
const path = require('path');
const _ = require('lodash');
const minimist = require('minimist');

const options = minimist(['--encoding', 'utf8']);

exports.handler = async (event) => {
  const name = _.get(event, 'queryStringParameters.name', 'welcome.txt');
  try {
    const text = fs.readFileSync(path.join(__dirname, 'data', name), options.encoding);
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name, text }) };
  } catch (error) {
    return { statusCode: 404, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name, error: error.code }) };
  }
};
