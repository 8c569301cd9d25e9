using System.Buffers.Binary;

namespace OnnxTransfer.Tests.Embeddings;

/// <summary>Bitmaps whose content is told by a number: enough for tests that ask what was embedded, not how it looks.</summary>
internal static class SmallImages
{
    /// <summary>A 24-bit bitmap of 8 x 8 pixels, or of another multiple of four a side; equal numbers give equal bytes.</summary>
    public static byte[] Bitmap(int number, int side = 8)
    {
        var bytes = new byte[54 + (side * side * 3)];
        "BM"u8.CopyTo(bytes);
        var fields = new (int At, int Value)[] { (2, bytes.Length), (10, 54), (14, 40), (18, side), (22, side), (34, bytes.Length - 54) };
        foreach (var (at, value) in fields)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);
        }

        bytes[26] = 1;
        bytes[28] = 24;
        new Random(number).NextBytes(bytes.AsSpan(54));
        return bytes;
    }

    /// <summary>Writes <paramref name="count"/> different bitmaps as folder/class/NUMBER.bmp, numbers alternating between two classes.</summary>
    public static string Write(TempFolder folder, int count, string name = "images")
    {
        for (var i = 0; i < count; i++)
        {
            File.WriteAllBytes(folder[name, i % 2 == 0 ? "even" : "odd", $"{i:0000}.bmp"], Bitmap(i));
        }

        return folder[name];
    }

    /// <summary>Writes bitmaps of two classes that differ in brightness: folder/dark and folder/light, <paramref name="each"/> of both.</summary>
    public static string WriteLearnable(TempFolder folder, int each, string name = "learnable")
    {
        for (var i = 0; i < 2 * each; i++)
        {
            var bitmap = Bitmap(1000 + i);
            foreach (ref var value in bitmap.AsSpan(54))
            {
                value = (byte)((value / 4) + (i % 2 * 150));
            }

            File.WriteAllBytes(folder[name, i % 2 == 0 ? "dark" : "light", $"{i:0000}.bmp"], bitmap);
        }

        return folder[name];
    }

    /// <summary>The same as folder/train and folder/test, <paramref name="train"/> and <paramref name="test"/> of each class.</summary>
    public static string WriteSplit(TempFolder folder, int train, int test, string name = "split")
    {
        var all = WriteLearnable(folder, train + test, Path.Combine(name, "train"));
        foreach (var file in Directory.GetDirectories(all).SelectMany(one => Directory.GetFiles(one).Order(StringComparer.Ordinal).Take(test)))
        {
            File.Move(file, folder[name, "test", Path.GetFileName(Path.GetDirectoryName(file)!), Path.GetFileName(file)]);
        }

        return folder[name];
    }

    /// <summary>Writes CIFAR-100 binaries of <paramref name="count"/> random train images and one test image.</summary>
    public static string WriteCifar(TempFolder folder, int count, string name = "cifar")
    {
        var random = new Random(5);
        var record = new byte[2 + 3072];
        using (var file = File.Create(folder[name, "train.bin"]))
        {
            for (var i = 0; i < count; i++)
            {
                random.NextBytes(record);
                record[1] = (byte)(i % 3);
                file.Write(record);
            }
        }

        random.NextBytes(record);
        record[1] = 0;
        File.WriteAllBytes(folder[name, "test.bin"], record);
        return folder[name];
    }
}
