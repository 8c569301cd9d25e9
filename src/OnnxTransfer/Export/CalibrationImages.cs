using OnnxTransfer.Backbones;
using OnnxTransfer.Datasets;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Export;

/// <summary>Reads calibration images as the backbone will see them.</summary>
internal static class CalibrationImages
{
    /// <summary>The pixels of each image that can be read, H x W x 3 bytes.</summary>
    /// <exception cref="OnnxTransferException">Fewer than <see cref="CalibrationSplit.Fewest"/> can be read, or all are one colour.</exception>
    public static IReadOnlyList<byte[]> Read(IReadOnlyList<ImageSource> sources, BackboneDescription about, Action<string>? progress, CancellationToken cancellation)
    {
        var preprocessing = about.Preprocessing.Pixels;
        var pixels = new byte[]?[sources.Count];
        var faults = new string?[sources.Count];
        using var files = new ImageBytes();
        Parallel.For(0, sources.Count, new ParallelOptions { CancellationToken = cancellation }, () => Array.Empty<byte>(), (i, _, buffer) =>
        {
            try
            {
                using var image = ImageDecoders.Default.Decode(files.Read(sources[i], ref buffer), sources[i]);
                var given = new byte[preprocessing.ByteCount];
                preprocessing.Apply(image, given, sources[i].Name);
                pixels[i] = given;
            }
            catch (OnnxTransferException error)
            {
                faults[i] = error.Message;
            }

            return buffer;
        }, _ => { });
        var read = pixels.OfType<byte[]>().ToArray();
        foreach (var fault in faults.OfType<string>())
        {
            progress?.Invoke($"left out of the calibration: {fault}");
        }

        if (read.Length < CalibrationSplit.Fewest)
        {
            throw new DatasetException($"{read.Length} of {sources.Count} calibration images can be read; expected at least {CalibrationSplit.Fewest}: {faults.OfType<string>().FirstOrDefault()}");
        }

        return read.Any(image => image.AsSpan().IndexOfAnyExcept(image[0]) >= 0) || read.Any(image => image[0] != read[0][0])
            ? read
            : throw new DatasetException($"all {read.Length} calibration images are of one and the same colour ({sources[0].Name}): activations take no range on them; "
                + "expected images like those that will be embedded");
    }
}
