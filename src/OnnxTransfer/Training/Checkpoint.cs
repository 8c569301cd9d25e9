using System.Security.Cryptography;
using System.Text;
using OnnxTransfer.Embeddings;

namespace OnnxTransfer.Training;

/// <summary>
/// The file of a training that may be interrupted: written whole or not at all after every epoch, with all that the next one
/// depends on, and what it is a checkpoint of. It stays when the training is finished: the same call then returns its
/// result without a step.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="identity">What the training is, name by name; a file that says otherwise belongs to another one.</param>
/// <param name="epochs">As many as there may be.</param>
internal sealed class Checkpoint(string path, IReadOnlyDictionary<string, string> identity, int epochs)
{
    private const string Mark = "OnnxTransfer checkpoint 1";

    /// <summary>Writes how far the training has come.</summary>
    /// <exception cref="CacheException">The disk is full, or the folder may not be written.</exception>
    public void Write(FitState state, double seconds, TrainingSession session)
    {
        AtomicFile.Guard(path, () => Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!));
        AtomicFile.Write(path, stream =>
        {
            using var hash = SHA256.Create();
            using (var hashed = new CryptoStream(stream, hash, CryptoStreamMode.Write, leaveOpen: true))
            using (var writer = new BinaryWriter(hashed, Encoding.UTF8))
            {
                WriteHead(writer, state, seconds, session.Steps);
                foreach (string name in session.State)
                {
                    var values = new byte[session.Length(name)];
                    session.Read<byte>(name, values);
                    WriteTensor(writer, name, values);
                }

                foreach (var (name, values) in state.BestWeights.Values)
                {
                    WriteTensor(writer, name, values);
                }
            }

            stream.Write(hash.Hash);
        });
    }

    /// <summary>Reads how far an earlier run came, into the session too; nothing at all where there is no file.</summary>
    /// <exception cref="TrainingException">The file cannot be read, is damaged, or is one of another training.</exception>
    public FitState Read(TrainingSession session)
    {
        var state = new FitState(session);
        if (!File.Exists(path))
        {
            return state;
        }

        try
        {
            CheckSum();
            using var reader = new BinaryReader(File.OpenRead(path), Encoding.UTF8);
            ReadHead(reader, state, session);
            foreach (string name in session.State)
            {
                session.Write<byte>(name, ReadTensor(reader, name, session.Length(name)));
            }

            foreach (var (name, values) in state.BestWeights.Values)
            {
                ReadTensor(reader, name, values.Length).CopyTo(values.AsSpan());
            }

            return state;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or ArgumentException)
        {
            throw Damaged($"cannot be read ({e.Message})", e);
        }
    }

    private void CheckSum()
    {
        using var stream = File.OpenRead(path);
        long length = stream.Length - SHA256.HashSizeInBytes;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 16];
        for (long done = 0; done < length;)
        {
            int count = stream.Read(buffer, 0, (int)Math.Min(buffer.Length, length - done));
            if (count == 0)
            {
                break; // cut meanwhile: the checksum will tell
            }

            hash.AppendData(buffer, 0, count);
            done += count;
        }

        var found = new byte[SHA256.HashSizeInBytes];
        if (length < 0 || stream.ReadAtLeast(found, found.Length, throwOnEndOfStream: false) < found.Length || !hash.GetHashAndReset().AsSpan().SequenceEqual(found))
        {
            throw Damaged("is no whole checkpoint (its checksum is another)", null);
        }
    }

    private void WriteHead(BinaryWriter writer, FitState state, double seconds, long steps)
    {
        writer.Write(Mark);
        writer.Write(identity.Count);
        foreach (var (name, value) in identity)
        {
            writer.Write(name);
            writer.Write(value);
        }

        writer.Write(steps);
        writer.Write(seconds);
        writer.Write(state.FirstLoss);
        writer.Write(state.Best);
        writer.Write(state.Epochs.Count);
        foreach (var (loss, validation, rate, time) in state.Epochs)
        {
            writer.Write(loss);
            writer.Write(validation);
            writer.Write(rate);
            writer.Write(time);
        }
    }

    private void ReadHead(BinaryReader reader, FitState state, TrainingSession session)
    {
        if (reader.ReadString() is var mark && mark != Mark)
        {
            throw Damaged($"begins with '{mark}'; expected '{Mark}'", null);
        }

        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            found[reader.ReadString()] = reader.ReadString();
        }

        foreach (string name in identity.Keys.Union(found.Keys))
        {
            string there = found.GetValueOrDefault(name, "none"), here = identity.GetValueOrDefault(name, "none");
            if (there != here)
            {
                throw new TrainingException($"{path}: is a checkpoint of another training: its {name} is {there}; expected {here}: "
                    + "name another file, delete this one to begin anew, or train with what it was begun with");
            }
        }

        session.Steps = reader.ReadInt64();
        state.Seconds = reader.ReadDouble();
        state.FirstLoss = reader.ReadDouble();
        state.Best = reader.ReadInt32();
        for (int left = reader.ReadInt32(); left > 0; left--)
        {
            state.Epochs.Add(new(reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble(), reader.ReadDouble()));
        }

        if (state.Epochs.Count > epochs)
        {
            throw new TrainingException($"{path}: holds {state.Epochs.Count} epochs; expected at most the {epochs} asked for: name another file, delete this one, or ask for {state.Epochs.Count}");
        }
    }

    private static void WriteTensor(BinaryWriter writer, string name, byte[] values)
    {
        writer.Write(name);
        writer.Write(values.Length);
        writer.Write(values);
    }

    private byte[] ReadTensor(BinaryReader reader, string name, int length)
    {
        string found = reader.ReadString();
        int bytes = reader.ReadInt32();
        return found == name && bytes == length ? reader.ReadBytes(length) : throw Damaged($"holds '{found}' of {bytes} bytes where '{name}' of {length} is expected", null);
    }

    private TrainingException Damaged(string found, Exception? cause) =>
        new($"{path}: {found}; expected a checkpoint as this version writes it: delete the file to begin anew", cause);
}
