namespace OnnxTransfer.Imaging;

/// <summary>
/// What one image at a time is decoded with on the GPU: nvJPEG's state, a stream, and device memory that grows to the
/// largest image seen. Device 0. For one thread at a time.
/// </summary>
internal sealed unsafe class NvJpegContext : IDisposable
{
    private readonly NvJpegApi _api;
    private readonly nint _library;
    private nint _state;
    private nint _stream;
    private nint _device;
    private nuint _deviceBytes;

    /// <exception cref="DecoderException">The GPU refuses.</exception>
    public NvJpegContext(NvJpegApi api, nint library)
    {
        (_api, _library) = (api, library);
        nint state = 0, stream = 0;
        Check(api.StreamCreate(&stream, NvJpegApi.NonBlocking), "making a stream");
        _stream = stream;
        int status = api.StateCreate(library, &state);
        if (status != 0)
        {
            Dispose();
            throw new DecoderException($"nvJPEG made no decoding state (nvJPEG status {status}); check the GPU with nvidia-smi, or decode JPEG exactly");
        }

        _state = state;
    }

    /// <summary>Decodes into <paramref name="image"/>, whose size is that of the file's header; waits until the pixels are there.</summary>
    /// <returns>nvjpegStatus_t; the pixels are whole where it is 0.</returns>
    /// <exception cref="DecoderException">The GPU failed, not the image.</exception>
    public int Decode(ReadOnlySpan<byte> encoded, RgbImage image)
    {
        var pixels = image.Pixels;
        Reserve((nuint)pixels.Length);
        var target = new NvJpegApi.NvJpegImage { Channel0 = _device, Pitch0 = 3 * (nuint)image.Width };
        fixed (byte* source = encoded, host = pixels)
        {
            int status = _api.Decode(_library, _state, source, (nuint)encoded.Length, NvJpegApi.Rgbi, &target, _stream);
            if (status == 0)
            {
                Check(_api.MemcpyAsync(host, _device, (nuint)pixels.Length, NvJpegApi.DeviceToHost, _stream), "copying pixels from the GPU");
            }

            // Also after a failure: whatever was begun must not write into memory that is used again.
            Check(_api.StreamSynchronize(_stream), "decoding");
            return status;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_state != 0)
        {
            _api.StateDestroy(_state);
            _state = 0;
        }

        if (_stream != 0)
        {
            _api.StreamDestroy(_stream);
            _stream = 0;
        }

        _api.Free(_device);
        (_device, _deviceBytes) = (0, 0);
    }

    private void Reserve(nuint bytes)
    {
        if (bytes <= _deviceBytes)
        {
            return;
        }

        _api.Free(_device);
        (_device, _deviceBytes) = (0, 0);
        nint device = 0;
        Check(_api.Malloc(&device, bytes), $"reserving {bytes} bytes for an image");
        (_device, _deviceBytes) = (device, bytes);
    }

    private void Check(int cudaError, string what)
    {
        if (cudaError != 0)
        {
            throw new DecoderException($"nvJPEG failed at {what} ({_api.Told(cudaError)}); check the GPU with nvidia-smi, take fewer decode threads, or decode JPEG exactly");
        }
    }
}
