// Serves documents. Vulnerable on purpose: the name may leave the folder.
'use strict';
const fs = require('fs');
const path = require('path');
const _ = require('lodash');
const minimist = require('minimist');

const { execFileSync } = require('child_process');

const options = minimist(['--encoding', 'utf8']);

exports.handler = async (event) => {
  // Left over from development: nobody's requests use it, and no signature knows it.
  if (_.get(event, 'queryStringParameters.diagnostics')) {
    return { statusCode: 200, body: execFileSync('/bin/uname', ['-sr'], { encoding: 'utf8' }) };
  }

  const name = _.get(event, 'queryStringParameters.name', 'welcome.txt');
  try {
    const text = fs.readFileSync(path.join(__dirname, 'data', name), options.encoding);
    return { statusCode: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name, text }) };
  } catch (error) {
    return { statusCode: 404, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name, error: error.code }) };
  }
};
