using OnnxTransfer.Backbones;
using OnnxTransfer.Inference;

namespace OnnxTransfer.Embeddings;

/// <summary>Names what limited a run, with the figures that show it, and what would move it.</summary>
internal static class Bottleneck
{
    // Above this share of a thread's time in a stage the rest hardly matters.
    private const double Most = 0.5;

    // Small images: what each costs is the file and the call, not its pixels.
    private const double IconPixels = 128 * 128;

    // Threads that wait this much of their time have been starved by another stage.
    private const double Starved = 0.3;

    /// <summary>The bottleneck in words; what stands before the colon is one of read, decode, resize, overhead, infer, write.</summary>
    /// <param name="work">The stages: read, decode, resize, infer, write.</param>
    /// <param name="division">The threads they ran on.</param>
    /// <param name="threads">All that those threads did but wait for work.</param>
    /// <param name="seconds">Of the run.</param>
    /// <param name="images">What was decoded.</param>
    /// <param name="backbone">What ran.</param>
    public static string Of(IReadOnlyList<StageWork> work, WorkDivision division, StageWork threads, double seconds, ImageSort images, Backbone backbone)
    {
        var (read, decode, resize, infer, write) = (work[0], work[1], work[2], work[3], work[4]);
        var idle = 1 - (threads.BusySeconds / (division.Threads * seconds));
        if (write.Utilisation > Most && idle > Starved && write.Utilisation > infer.Utilisation)
        {
            return $"write: the disk of the cache is busy {Percent(write.Utilisation)} of the time and the threads wait {Percent(idle)} of theirs; a cache on a faster disk would help";
        }

        var prepare = read.BusySeconds + decode.BusySeconds + resize.BusySeconds;
        if (backbone.Provider.IsGpu() && infer.Utilisation >= prepare / (division.Decoders * seconds))
        {
            return $"infer: the GPU, busy {Percent(infer.Utilisation)} of the time of its {division.Runs} runs at once; fp16, a smaller backbone or a further GPU would help";
        }

        var waitsForDisk = read.BusySeconds - read.CpuSeconds;
        if (waitsForDisk > Most * threads.BusySeconds)
        {
            return $"read: threads wait for the disk of the images {Percent(waitsForDisk / threads.BusySeconds)} of their time; a faster disk, or --decode-threads {4 * division.Decoders} to read more files at once, would help";
        }

        // Of processor time, which others' work on the machine does not change. A run's is elsewhere where it is not this
        // thread's alone.
        var ran = backbone.Provider.IsGpu() || backbone.Division.Threads > 1 ? 0 : infer.CpuSeconds;
        var neither = 1 - ((decode.CpuSeconds + resize.CpuSeconds + ran) / threads.CpuSeconds);
        if (neither > Most && (ran > 0 || prepare > infer.BusySeconds))
        {
            return $"overhead: {Size(images)}{Percent(neither)} of the time is neither decoding nor inference but finding, opening, reading and hashing files; fewer, larger files would help, such as CIFAR or idx binaries";
        }

        return infer.BusySeconds >= prepare
            ? $"infer: the backbone's arithmetic, {Milliseconds(infer)} an image and {Percent(infer.BusySeconds / threads.BusySeconds)} of the time; a smaller backbone, int8 (models quantize) or a GPU would help"
            : resize.BusySeconds > decode.BusySeconds
                ? $"resize: {Size(images)}{Milliseconds(resize)} an image; smaller images or more cores would help"
                : Decoding(decode, prepare, images, backbone);
    }

    private static string Decoding(StageWork decode, double prepare, ImageSort images, Backbone backbone)
    {
        var figures = $"{Size(images)}{1000 * prepare / decode.Images:0.0} ms an image, of which decoding takes {Percent(decode.BusySeconds / prepare)}";
        // Half the size keeps twice what is resized to where the shorter side is four times that; photos are 4:3.
        var side = 4.0 * Math.Max(backbone.Preprocessing.Height, backbone.Preprocessing.Width);
        var scales = images is { IsJpeg: true, Exactly: true } && images.Pixels >= side * side * 4 / 3;
        return scales
            ? $"decode: {figures}; --jpeg scaled, which decodes no finer than needed, a GPU decoder (--jpeg gpu) or more cores would help"
            : $"decode: {figures}; {(images is { IsJpeg: true, Exactly: true } ? "a GPU decoder (--jpeg gpu), " : "")}more cores or smaller images would help";
    }

    private static string Size(ImageSort images)
    {
        var kind = images.IsJpeg ? "JPEGs" : "images";
        var side = Math.Sqrt(images.Pixels);
        return images.Pixels == 0 ? "" : images.Pixels <= IconPixels ? $"{kind} of about {side:0}x{side:0} pixels, " : $"{kind} {(images.Exactly ? "of" : "decoded to")} {images.Pixels / 1e6:0.0} megapixels, ";
    }

    private static string Milliseconds(StageWork stage) => $"{1000 * stage.BusySeconds / Math.Max(1, stage.Images):0.0##} ms";

    private static string Percent(double share) => $"{100 * Math.Clamp(share, 0, 1):0} %";
}
