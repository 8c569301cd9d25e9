using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace OnnxTransfer.Imaging;

/// <summary>
/// JPEG by NVIDIA's nvJPEG on the GPU: baseline and progressive, colour and grey, chroma interpolated where the library
/// can (12.1 and later). Other kinds, told by their header (CMYK, RGB stored as such, arithmetic coding, 12 bits, rare
/// sampling), are left to the next decoder. Pixels differ from libjpeg's by rounding, hence from Pillow's. They are copied
/// back, and resized on the CPU like all others.
/// <para>A file without its end marker is <see cref="ImageFault.Truncated"/>; damage within the entropy-coded data may pass
/// unnoticed, where libjpeg notices it.</para>
/// </summary>
public sealed unsafe class NvJpegDecoder : IImageDecoder
{
    private static readonly (string NvJpeg, string Cuda)[] Libraries = OperatingSystem.IsWindows()
        ? [("nvjpeg64_13.dll", "cudart64_13.dll"), ("nvjpeg64_12.dll", "cudart64_12.dll")]
        : [("libnvjpeg.so.13", "libcudart.so.13"), ("libnvjpeg.so.12", "libcudart.so.12")];

    private static readonly Lazy<(NvJpegDecoder? Decoder, string? Missing)> Found = new(
        () => (TryCreate(Libraries, out var decoder, out string? missing) ? decoder : null, missing));

    private readonly ConcurrentBag<NvJpegContext> _idle = [];
    private readonly NvJpegApi _api;
    private readonly nint _library;

    private NvJpegDecoder(NvJpegApi api, nint library, bool interpolates)
    {
        (_api, _library) = (api, library);
        Name = $"nvJPEG {api.Version}{(interpolates ? "" : " chroma repeated")}";
    }

    /// <summary>Such as "nvJPEG 12.4.0", or "nvJPEG 12.0.1 chroma repeated" of a library that cannot interpolate.</summary>
    public string Name { get; }

    // The library's start on a GPU takes a good part of a second, and its device memory is shared: one for the process.
    internal static NvJpegDecoder Shared =>
        Found.Value.Decoder ?? throw new DecoderException($"decoding JPEG on the GPU needs nvJPEG: {Found.Value.Missing}; or decode exactly, without the GPU");

    /// <summary>Loads the library; false, with the reason and the cure in <paramref name="missing"/>, where it or the GPU is absent.</summary>
    public static bool TryCreate([NotNullWhen(true)] out NvJpegDecoder? decoder, [NotNullWhen(false)] out string? missing)
    {
        (decoder, missing) = Found.Value;
        return decoder is not null;
    }

    /// <summary>True for JPEG alone.</summary>
    public bool Decodes(ImageFormat format) => format == ImageFormat.Jpeg;

    /// <summary>False.</summary>
    public bool DecodesRare(ImageFormat format) => false;

    /// <inheritdoc/>
    /// <exception cref="DecoderException">The GPU failed, not the image.</exception>
    public RgbImage Decode(ReadOnlySpan<byte> encoded, string file, ImageLimits limits)
    {
        var frame = JpegFrame.Read(encoded);
        if (!frame.IsCommon || frame.Width < 1 || frame.Height < 1)
        {
            throw new ImageException(
                file, ImageFault.UnsupportedFormat, "a JPEG that is not Huffman-coded grey or YCbCr of 8 bits, which is not read on the GPU; decode it exactly");
        }

        limits.Check(file, frame.Width, frame.Height);
        if (CutFile.Is(encoded, ImageFormat.Jpeg))
        {
            throw Truncated(encoded, file, "no end marker");
        }

        if (!_idle.TryTake(out var context))
        {
            context = new NvJpegContext(_api, _library);
        }

        var image = new RgbImage(frame.Width, frame.Height);
        try
        {
            int status = context.Decode(encoded, image);
            if (status != 0)
            {
                throw Fault(status, encoded, file);
            }

            _idle.Add(context);
            return image;
        }
        catch
        {
            // After a failure a state is not to be trusted with the next image.
            context.Dispose();
            image.Dispose();
            throw;
        }
    }

    internal static bool TryCreate(
        IReadOnlyList<(string NvJpeg, string Cuda)> libraries, [NotNullWhen(true)] out NvJpegDecoder? decoder, [NotNullWhen(false)] out string? missing)
    {
        decoder = null;
        if (!NvJpegApi.TryLoad(libraries, out var api, out missing))
        {
            return false;
        }

        nint library = 0;
        bool interpolates = api.Version >= new Version(12, 1);
        int status = api.CreateEx(NvJpegApi.DefaultBackend, null, null, interpolates ? NvJpegApi.InterpolatedChroma : 0, &library);
        if (status != 0)
        {
            missing = $"nvJPEG {api.Version} is there, but it does not start (nvJPEG status {status}): most likely no GPU or an older driver; check with nvidia-smi";
            return false;
        }

        decoder = new NvJpegDecoder(api, library, interpolates);
        return true;
    }

    private static OnnxTransferException Fault(int status, ReadOnlySpan<byte> encoded, string file) => status switch
    {
        NvJpegApi.BadJpeg => new ImageException(
            file, ImageFault.Corrupt, "the JPEG data are damaged (nvJPEG status 3, bad JPEG); copy or download the file again"),
        NvJpegApi.NotSupported => new ImageException(
            file,
            ImageFault.UnsupportedFormat,
            "a JPEG that nvJPEG does not read, though its header is a common one (nvJPEG status 4, not supported); convert it to PNG, or decode JPEG exactly"),
        NvJpegApi.IncompleteBitstream => Truncated(encoded, file, "nvJPEG status 10, incomplete bitstream"),
        NvJpegApi.AllocatorFailure => new DecoderException(
            $"{file}: no memory left to decode it on the GPU (nvJPEG status 5); take fewer decode threads, or decode JPEG exactly"),
        _ => new DecoderException($"{file}: nvJPEG failed (status {status}); check the GPU with nvidia-smi, or decode JPEG exactly"),
    };

    private static ImageException Truncated(ReadOnlySpan<byte> encoded, string file, string found) => new(
        file,
        ImageFault.Truncated,
        $"the JPEG data end early, after {encoded.Length} bytes ({found}), before the last pixel and the end marker; copy or download the file again");
}
