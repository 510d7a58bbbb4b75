declare module 'qrcode' {
  const QRCode: {
    toBuffer(text: string, options?: { width?: number; margin?: number }): Promise<Buffer>;
  };
  export default QRCode;
}
