"""Files by bucket and key: `disk` for one box and development, `s3` for any S3-compatible store."""
