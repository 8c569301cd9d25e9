using System.Buffers.Binary;

namespace OnnxTransfer.Datasets;

/// <summary>
/// Folders in the layout of MNIST and Fashion-MNIST: <c>train-images-idx3-ubyte</c>, <c>train-labels-idx1-ubyte</c>,
/// <c>t10k-images-idx3-ubyte</c>, <c>t10k-labels-idx1-ubyte</c>, each plain or gzipped (<c>.gz</c>); the t10k pair is
/// the test split. Format: LeCun's MNIST page (big-endian magic, counts, then bytes).
/// </summary>
public static class IdxFiles
{
    private const int ImageMagic = 0x803;
    private const int LabelMagic = 0x801;

    private static readonly (string Stem, Split Split)[] Parts = [("train", Split.Train), ("t10k", Split.Test), ("test", Split.Test)];

    /// <summary>True when the folder holds a file of idx images.</summary>
    public static bool Has(string folder) => Parts.Any(part => Find(folder, part.Stem, "images-idx3-ubyte") is not null);

    /// <summary>Opens the idx files of <paramref name="folder"/>.</summary>
    /// <param name="folder">Where the files lie.</param>
    /// <param name="classNames">One name for each label value, in order; null: the numbers themselves.</param>
    /// <exception cref="DatasetException">A file is missing, cut short, not idx, or labels and images do not match.</exception>
    public static Dataset Open(string folder, IReadOnlyList<string>? classNames = null)
    {
        var items = new List<DatasetItem>();
        foreach (var (stem, split) in Parts)
        {
            if (Find(folder, stem, "images-idx3-ubyte") is { } images)
            {
                items.AddRange(Read(folder, stem, images, split));
            }
        }

        if (items.Count == 0)
        {
            throw new DatasetException($"{folder}: no idx images found; expected train-images-idx3-ubyte(.gz) and t10k-images-idx3-ubyte(.gz)");
        }

        var labels = items.Max(item => item.Label) + 1;
        if (classNames is not null && classNames.Count < labels)
        {
            throw new DatasetException($"{folder}: {classNames.Count} class names given, but labels go up to {labels - 1}; name all {labels}");
        }

        return new Dataset
        {
            Source = Path.GetFullPath(folder),
            Items = items,
            Classes = classNames ?? [.. Enumerable.Range(0, labels).Select(label => $"{label}")],
            HasOwnSplits = items.Any(item => item.Split == Split.Test) && items.Any(item => item.Split == Split.Train),
        };
    }

    private static IEnumerable<DatasetItem> Read(string folder, string stem, string images, Split split)
    {
        var (count, height, width) = ReadImageHeader(images);
        var labelFile = Find(folder, stem, "labels-idx1-ubyte")
            ?? throw new DatasetException($"{images}: its labels are missing; expected {stem}-labels-idx1-ubyte(.gz) beside it");
        var labels = ReadLabels(labelFile);
        if (labels.Length != count)
        {
            throw new DatasetException($"{labelFile}: {labels.Length} labels for {count} images of {images}; the two files do not belong together");
        }

        return Enumerable.Range(0, count).Select(i => new DatasetItem
        {
            Images = [new ImageSource(images, ImageLayout.Grey8, 16 + (long)i * width * height, width, height)],
            Split = split,
            Label = labels[i],
        });
    }

    private static (int Count, int Height, int Width) ReadImageHeader(string path)
    {
        using var stream = RawFile.OpenUnpacked(path);
        Span<byte> header = stackalloc byte[16];
        if (stream.ReadAtLeast(header, 16, throwOnEndOfStream: false) < 16 || Number(header, 0) != ImageMagic)
        {
            throw new DatasetException($"{path}: not a file of idx images; expected magic number 0x00000803 in its first four bytes");
        }

        return (Number(header, 1), Number(header, 2), Number(header, 3));
    }

    private static byte[] ReadLabels(string path)
    {
        using var stream = RawFile.OpenUnpacked(path);
        var header = new byte[8];
        if (stream.ReadAtLeast(header, 8, throwOnEndOfStream: false) < 8 || Number(header, 0) != LabelMagic)
        {
            throw new DatasetException($"{path}: not a file of idx labels; expected magic number 0x00000801 in its first four bytes");
        }

        var labels = new byte[Number(header, 1)];
        var got = stream.ReadAtLeast(labels, labels.Length, throwOnEndOfStream: false);
        return got == labels.Length
            ? labels
            : throw new DatasetException($"{path}: cut short, {got} labels of {labels.Length}; fetch the file again");
    }

    private static int Number(ReadOnlySpan<byte> header, int index) => BinaryPrimitives.ReadInt32BigEndian(header[(4 * index)..]);

    // MNIST mirrors write "train-images-idx3-ubyte" and "train-images.idx3-ubyte".
    private static string? Find(string folder, string stem, string kind) =>
        new[] { $"{stem}-{kind}", $"{stem}-{kind.Replace("-idx", ".idx", StringComparison.Ordinal)}" }
            .SelectMany(name => new[] { name, name + ".gz" })
            .Select(name => Path.GetFullPath(Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
}
