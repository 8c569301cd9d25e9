namespace OnnxTransfer.Imaging;

/// <summary>How JPEG images become pixels. Each has a name of its own in cache keys, since each gives other pixels.</summary>
public enum JpegDecoding
{
    /// <summary>libjpeg-turbo at full size: the pixels of Pillow, which pretrained weights expect.</summary>
    Exact,

    /// <summary>
    /// libjpeg-turbo at the smallest scale of its inverse DCT (N/8, by 1, 2, 4 or 8) that leaves the shorter side at
    /// least twice the size it is resized to. Faster on large photos, and nearly the same pixels.
    /// </summary>
    Scaled,

    /// <summary>NVIDIA's nvJPEG on the GPU; the kinds of JPEG it does not read go to libjpeg-turbo.</summary>
    Gpu,
}
