using System.Buffers.Binary;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>
/// An image that can lie beside any backbone, to be its golden one: waves of each colour, of no one's data. As a BMP of 24 bits (54 bytes
/// of headers, then rows from the bottom up, each padded to 4 bytes).
/// </summary>
internal static class PatternImage
{
    private const int Headers = 54;

    public static byte[] Bitmap(int height, int width)
    {
        int stride = ((3 * width) + 3) / 4 * 4;
        byte[] file = new byte[Headers + (stride * height)];
        "BM"u8.CopyTo(file);
        Put(2, file.Length);
        Put(10, Headers);
        Put(14, 40);
        Put(18, width);
        Put(22, height);
        Put(26, 1 | (24 << 16));
        Put(34, stride * height);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                for (int c = 0; c < 3; c++)
                {
                    double wave = Math.Sin(((c + 1) * 4.0 * x / width) + ((3 - c) * 5.0 * y / height));
                    file[Headers + (y * stride) + (3 * x) + c] = (byte)Math.Round(127.5 + (120 * wave));
                }
            }
        }

        return file;

        void Put(int place, int value) => BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(place), value);
    }
}
