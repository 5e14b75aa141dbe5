"""What a small service in Python costs at the least: 4 KiB from memory, whatever is asked for."""

from fastapi import FastAPI, Response

app = FastAPI()
CONTENT = bytes(4096)


@app.get("/files/{uid}")
async def file(uid: str, created_at: str):
    return Response(CONTENT, media_type="application/octet-stream")
