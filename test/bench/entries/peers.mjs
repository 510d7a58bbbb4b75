// What the usual WeChat backend in Node loads. JavaScript, because two of the four bring no types.
import axios from 'axios';
import express from 'express';
import Redis from 'ioredis';
import xml2js from 'xml2js';

/** Never called; it keeps the four in the bundle. */
export const handler = () => [axios, express, Redis, xml2js];
