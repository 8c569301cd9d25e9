namespace OnnxTransfer.Datasets;

/// <summary>
/// The binary versions of CIFAR-10 (<c>data_batch_1.bin</c> to <c>5</c>, <c>test_batch.bin</c>,
/// <c>batches.meta.txt</c>) and CIFAR-100 (<c>train.bin</c>, <c>test.bin</c>, <c>fine_label_names.txt</c>): records of
/// one label byte (two in CIFAR-100: coarse, fine) and 3 x 32 x 32 bytes, planes red, green, blue
/// (Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html). Files may be gzipped.
/// </summary>
public static class CifarFiles
{
    private const int Side = 32;
    private const int Pixels = 3 * Side * Side;

    /// <summary>True when the folder holds CIFAR binaries.</summary>
    public static bool Has(string folder) => Find(folder, "data_batch_1.bin") is not null || Find(folder, "train.bin") is not null;

    /// <summary>Opens the CIFAR binaries of <paramref name="folder"/>; CIFAR-100 by its fine labels.</summary>
    /// <exception cref="DatasetException">A file is missing or its size is no whole number of records.</exception>
    public static Dataset Open(string folder)
    {
        var fine = Find(folder, "train.bin") is not null;
        var labelBytes = fine ? 2 : 1;
        string[] train = fine ? ["train.bin"] : [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin")];
        var items = new List<DatasetItem>();
        foreach (var name in train)
        {
            items.AddRange(Read(Require(folder, name), labelBytes, Split.Train));
        }

        items.AddRange(Read(Require(folder, fine ? "test.bin" : "test_batch.bin"), labelBytes, Split.Test));
        return new Dataset
        {
            Source = Path.GetFullPath(folder),
            Items = items,
            Classes = Names(folder, fine ? "fine_label_names.txt" : "batches.meta.txt", items.Max(item => item.Label) + 1),
            HasOwnSplits = true,
        };
    }

    private static List<DatasetItem> Read(string path, int labelBytes, Split split)
    {
        using var stream = RawFile.OpenUnpacked(path);
        var record = new byte[labelBytes + Pixels];
        var items = new List<DatasetItem>();
        for (long offset = 0; ; offset += record.Length)
        {
            var got = stream.ReadAtLeast(record, record.Length, throwOnEndOfStream: false);
            if (got == 0)
            {
                return items;
            }

            if (got < record.Length)
            {
                throw new DatasetException(
                    $"{path}: its last record is cut short, {got} bytes of {record.Length}; fetch the file again");
            }

            items.Add(new DatasetItem
            {
                Images = [new ImageSource(path, ImageLayout.PlanarRgb8, offset + labelBytes, Side, Side)],
                Split = split,
                Label = record[labelBytes - 1],
            });
        }
    }

    private static string[] Names(string folder, string file, int labels)
    {
        var path = Path.Combine(folder, file);
        var names = File.Exists(path) ? File.ReadAllLines(path).Select(line => line.Trim()).Where(line => line.Length > 0).ToArray() : [];
        return names.Length >= labels ? names : [.. Enumerable.Range(0, labels).Select(label => $"{label}")];
    }

    private static string Require(string folder, string name) => Find(folder, name)
        ?? throw new DatasetException($"{folder}: {name} is missing; the binary version of CIFAR has it");

    private static string? Find(string folder, string name) =>
        new[] { name, name + ".gz" }.Select(file => Path.GetFullPath(Path.Combine(folder, file))).FirstOrDefault(File.Exists);
}
