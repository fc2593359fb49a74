using System.Security.Cryptography;

namespace Pellicle.Policy;

/// <summary>Signs policy documents: ECDSA P-256 over SHA-256 of the exact bytes, IEEE P1363, base64 (decision 0002).</summary>
public static class PolicySignature
{
    /// <summary>Makes a new key.</summary>
    public static ECDsa CreateKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>The public half as the guard takes it: base64 SubjectPublicKeyInfo.</summary>
    public static string PublicKey(ECDsa key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());
    }

    /// <summary>Signs.</summary>
    public static string Sign(ECDsa key, ReadOnlySpan<byte> body)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Convert.ToBase64String(key.SignData(body, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
    }

    /// <summary>True when the signature was made over exactly these bytes; false for anything malformed.</summary>
    public static bool Verify(string publicKey, ReadOnlySpan<byte> body, string? signature)
    {
        var key = new byte[256];
        var sign = new byte[256];
        if (string.IsNullOrEmpty(signature) || string.IsNullOrEmpty(publicKey)
            || !Convert.TryFromBase64String(publicKey.Trim(), key, out var keyLength) || !Convert.TryFromBase64String(signature.Trim(), sign, out var signLength) || signLength != 64)
        {
            return false;
        }

        try
        {
            using var ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(key.AsSpan(0, keyLength), out _);
            return ecdsa.KeySize == 256 && ecdsa.VerifyData(body, sign.AsSpan(0, 64), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
        catch (CryptographicException)
        {
            // The key is not one: nothing it could have signed.
            return false;
        }
    }
}
