from web import Flask, jsonify, redirect, render_template, request, url_for
